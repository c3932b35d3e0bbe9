/* Sector 0: the BIOS puts it at 0x7c00 with the drive's number in dl. It reads the
 * payload behind it, turns to 32-bit mode and jumps there. At 440 begins what belongs
 * to the partition table; the assembler refuses more code than that. */
	.section .boot, "ax"
	.code16
	.globl boot
boot:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	ljmp	$0, $1f
1:
	movw	$packet, %si
	movb	$0x42, %ah		/* extended read: by block number, not by geometry */
	int	$0x13
	jc	stop
	lgdt	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$8, $flat
stop:
	hlt
	jmp	stop

	.code32
flat:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
	call	hello

	.balign	4
packet:
	.byte	16, 0
	.word	payload_sectors		/* from hello.ld */
	.word	0, 0x0800		/* to 0x8000 */
	.quad	8			/* from this block on */
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	/*  8: code, all 4 GiB */
	.quad	0x00cf92000000ffff	/* 16: data, all 4 GiB */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.org	440
	.long	0x6f726e68		/* disk signature */
	.word	0
	/* bootable; 0xda: data without a file system */
	.byte	0x80, 0xfe, 0xff, 0xff, 0xda, 0xfe, 0xff, 0xff
	.long	8, 2048 - 8		/* first block, blocks: the rest of the MiB */
	.fill	48			/* partitions 2 to 4: none */
	.word	0xaa55
	.section .note.GNU-stack, ""
