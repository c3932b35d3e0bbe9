# kernel.sh: makes a small kernel that says its command line on the first serial port. After
# test.sh:
#
#     kernel_make DIR         writes its sources: make leaves DIR/kernel.elf
#     kernel_make DIR KIND    KIND: multiboot (default), multiboot2
#
# The line is "kernel says: " and the command line, and for a multiboot kernel with a module
# " module: " and the text of the first one.

kernel_make () {
	mkdir -p "$1" &&
	cat >"$1/kernel.S" <<-'END' &&
	#ifdef MULTIBOOT2
		.section .header, "a"
		.balign 8
	header:	.long 0xe85250d6, 0, end - header, -(0xe85250d6 + end - header)
		.word 0, 0
		.long 8
	end:
	#else
		.section .header, "a"
		.balign 8
		.long 0x1badb002, 0, -0x1badb002
	#endif
		.text
		.globl _start
	_start:	movl $stack, %esp
	#ifdef MULTIBOOT2
		addl $8, %ebx
	tag:	cmpl $1, (%ebx)		/* the tag of the command line */
		je found
		movl 4(%ebx), %eax
		addl $7, %eax
		andl $-8, %eax
		addl %eax, %ebx
		jmp tag
	found:	leal 8(%ebx), %edi
	#else
		movl 16(%ebx), %edi
	#endif
		movl $words, %esi
		call say
		movl %edi, %esi
		call say
	#ifndef MULTIBOOT2
		cmpl $0, 20(%ebx)	/* how many modules */
		je end_of_line
		movl $module, %esi
		call say
		movl 24(%ebx), %edi
		movl 8(%edi), %esi
		call say
	end_of_line:
	#endif
		movl $newline, %esi
		call say
	stop:	cli
		hlt
		jmp stop
	say:	lodsb
		testb %al, %al
		jz done
		movb %al, %cl
		movw $0x3fd, %dx
	wait:	inb %dx, %al
		testb $0x20, %al
		jz wait
		movb %cl, %al
		movw $0x3f8, %dx
		outb %al, %dx
		jmp say
	done:	ret
	words:	.asciz "kernel says: "
	module:	.asciz " module: "
	newline: .asciz "\r\n"
		.bss
		.space 4096
	stack:
		.section .note.GNU-stack, ""
	END
	cat >"$1/kernel.ld" <<-'END' &&
	OUTPUT_FORMAT(elf32-i386)
	ENTRY(_start)
	PHDRS { all PT_LOAD; none PT_LOAD AT(0x200010); }
	SECTIONS
	{
		. = 0x200000;
		.text : { *(.header) *(.text) } :all
		.bss : { *(.bss) } :all
		/DISCARD/ : { *(.note*) }
	}
	END
	{
		printf 'FLAGS = -m32 -nostdlib -static -no-pie %s\n' \
			'-Wl,--build-id=none,--no-warn-rwx-segments,-T,kernel.ld'
		test "$2" != multiboot2 || echo 'FLAGS += -DMULTIBOOT2'
		printf 'kernel.elf: kernel.S kernel.ld\n\tgcc $(FLAGS) -o $@ $<\n'
	} >"$1/Makefile"
}
