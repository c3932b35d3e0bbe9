/* http.c: answers ARP, and GET on TCP port 80 with the greeting and the tree.
 *
 * It keeps no state of connections: each answer follows from the segment that it answers. If an
 * answer gets lost, the client sends its segment again, and gets the same answer. */
#include "card.h"

enum {
	ETHERNET = 14, IP = 20, TCP = 20, HEADERS = ETHERNET + IP + TCP, ARP = 28, PORT = 80,
	FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, FIRST_SEQUENCE = 0x686f726e,
};

extern const char greeting[], tree[]; /* words.S: a line each */
static const u8 address[4] = {ADDRESS};
static u8 mac[6];

static u32 get16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static u32 get32(const u8 *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put16(u8 *p, u32 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static void put32(u8 *p, u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static void copy(u8 *to, const void *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		to[i] = ((const u8 *)from)[i];
}

static int same(const u8 *a, const void *b, u32 n)
{
	while (n && *a == *(const u8 *)b)
		a++, b = (const u8 *)b + 1, n--;
	return n == 0;
}

/* The Internet checksum of n bytes, and of a sum so far; 0 over bytes that have a right one. */
static u32 checksum(const u8 *p, u32 n, u32 sum)
{
	for (; n > 1; p += 2, n -= 2)
		sum += get16(p);
	if (n)
		sum += (u32)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* TCP's checksum is also over both addresses, which are the last 8 bytes of the IP header. */
static u32 tcp_checksum(const u8 *ip, const u8 *tcp, u32 len)
{
	return checksum(tcp, len, (~checksum(ip + 12, 8, 0) & 0xffff) + 6 + len);
}

static void answer_arp(const u8 *in, u32 len)
{
	const u8 *ask = in + ETHERNET;
	u8 *out = card_frame();
	u8 *arp = out + ETHERNET;

	if (len < ETHERNET + ARP || get16(ask + 6) != 1 || !same(ask + 24, address, 4))
		return;
	copy(out, in + 6, 6);
	copy(out + 6, mac, 6);
	put16(out + 12, 0x0806);
	copy(arp, ask, 8);
	put16(arp + 6, 2);
	copy(arp + 8, mac, 6);
	copy(arp + 14, address, 4);
	copy(arp + 18, ask + 8, 10);
	card_send(ETHERNET + ARP);
}

/* Appends a line without its end. Returns the new length; what does not fit is cut. */
static u32 append(u8 *to, u32 at, const char *s)
{
	while (*s && *s != '\n' && at < FRAME_MAX - HEADERS - 2)
		to[at++] = (u8)*s++;
	return at;
}

static u32 page(u8 *to)
{
	static const char head[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n"
				   "Connection: close\r\n\r\n";
	u32 n = sizeof(head) - 1;

	copy(to, head, n);
	n = append(to, n, greeting);
	n = append(to, n, ", tree ");
	n = append(to, n, tree);
	to[n++] = '\n';
	return n;
}

/* Sends a segment back: n bytes of data are in place already. */
static void reply(const u8 *in, u32 flags, u32 seq, u32 ack, u32 n)
{
	const u8 *in_ip = in + ETHERNET;
	const u8 *in_tcp = in_ip + IP;
	u8 *out = card_frame();
	u8 *ip = out + ETHERNET;
	u8 *tcp = ip + IP;

	for (u32 i = 0; i < HEADERS; i++)
		out[i] = 0;
	copy(out, in + 6, 6);
	copy(out + 6, mac, 6);
	put16(out + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IP + TCP + n);
	ip[8] = 64;
	ip[9] = 6;
	copy(ip + 12, address, 4);
	copy(ip + 16, in_ip + 12, 4);
	put16(ip + 10, checksum(ip, IP, 0));
	copy(tcp, in_tcp + 2, 2);
	copy(tcp + 2, in_tcp, 2);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = (u8)flags;
	put16(tcp + 14, FRAME_MAX - HEADERS);
	put16(tcp + 16, tcp_checksum(ip, tcp, TCP + n));
	card_send(HEADERS + n);
}

static void answer_tcp(const u8 *in, u32 len)
{
	const u8 *ip = in + ETHERNET;
	const u8 *tcp = ip + IP;
	u32 total, header, n, next;

	/* No options of IP, no fragments, and lengths that are those of the frame. */
	if (len < HEADERS || ip[0] != 0x45 || ip[9] != 6 || (get16(ip + 6) & 0x3fff) ||
	    !same(ip + 16, address, 4))
		return;
	total = get16(ip + 2);
	header = tcp[12] >> 4 << 2;
	if (total > len - ETHERNET || header < TCP || total < IP + header ||
	    checksum(ip, IP, 0) || tcp_checksum(ip, tcp, total - IP) || tcp[13] & RST)
		return;
	n = total - IP - header;
	next = get32(tcp + 4) + n + (tcp[13] & (SYN | FIN) ? 1 : 0);
	if (get16(tcp + 2) != PORT)
		reply(in, RST | ACK, get32(tcp + 8), next, 0);
	else if (tcp[13] & SYN)
		reply(in, SYN | ACK, FIRST_SEQUENCE, next, 0);
	else if (n >= 4 && same(tcp + header, "GET ", 4))
		reply(in, FIN | PSH | ACK, get32(tcp + 8), next,
		      page(card_frame() + HEADERS));
	else if (n)
		reply(in, RST | ACK, get32(tcp + 8), next, 0);
	else if (tcp[13] & FIN)
		reply(in, ACK, get32(tcp + 8), next, 0);
}

void hello(void);

void hello(void)
{
	say(greeting);
	say(", tree ");
	say(tree);
	if (card_open(mac) < 0) {
		say(": no virtio network card with ports\r");
		for (;;)
			__asm__ volatile("cli; hlt");
	}
	say(": port 80\r");
	out8(0x3f8, '\n');
	for (;;) {
		u32 len;
		const u8 *in = card_receive(&len);

		if (len >= ETHERNET && get16(in + 12) == 0x0806)
			answer_arp(in, len);
		else if (len >= ETHERNET && get16(in + 12) == 0x0800)
			answer_tcp(in, len);
	}
}
