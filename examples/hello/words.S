/* What the unikernel says: two files as they are, each one line. */
	.section .rodata
	.globl greeting, tree
greeting:
	.incbin	"greeting"
	.byte	0
tree:
	.incbin	"tree"
	.byte	0
	.section .note.GNU-stack, ""
