/* Says on the first serial port who it is, then waits, as a server would. */
enum { COM1 = 0x3f8, COM1_LINE_STATUS = COM1 + 5, TRANSMITTER_EMPTY = 0x20, DEBUG_EXIT = 0x501 };

extern const char greeting[], tree[]; /* words.S: a line each */

static void out(unsigned short port, unsigned char value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static unsigned char in(unsigned short port)
{
	unsigned char value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void serial_init(void)
{
	out(COM1 + 1, 0);    /* no interrupts */
	out(COM1 + 3, 0x80); /* the next two are the divisor */
	out(COM1 + 0, 1);    /* 115200 baud */
	out(COM1 + 1, 0);
	out(COM1 + 3, 3);    /* 8 bits, no parity, 1 stop bit */
	out(COM1 + 2, 7);    /* empty FIFOs */
}

static void put(char c)
{
	while (!(in(COM1_LINE_STATUS) & TRANSMITTER_EMPTY))
		;
	out(COM1, (unsigned char)c);
}

/* Up to the end of the line. */
static void say(const char *s)
{
	while (*s && *s != '\n')
		put(*s++);
}

void hello(void);

void hello(void)
{
	serial_init();
	say(greeting);
	say(", tree ");
	say(tree);
	put('\r');
	put('\n');
	out(DEBUG_EXIT,
	    0); /* ends a QEMU that was given -device isa-debug-exit; nobody else listens */
	for (;;)
		__asm__ volatile("cli; hlt");
}
