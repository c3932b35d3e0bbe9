/* card.c: a legacy (transitional) virtio network card on PCI bus 0; virtio 1.0, "Legacy Interface".
 * Two queues without interrupts: 0 receives, 1 sends. Their memory is above 2 MiB, where the boot
 * sector loads nothing. */
#include "card.h"

enum {
	PCI_ADDRESS = 0xcf8, PCI_DATA = 0xcfc, PCI_COMMAND = 4, PCI_BAR0 = 0x10,
	VIRTIO_NET = 0x10001af4,
	DRIVER_FEATURES = 4, QUEUE_ADDRESS = 8, QUEUE_SIZE = 12, QUEUE_SELECT = 14,
	QUEUE_NOTIFY = 16, STATUS = 18, MAC = 20,
	FEATURE_MAC = 1 << 5, ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4,
	DEVICE_WRITES = 2, NO_INTERRUPT = 1,
	QUEUE_MAX = 1024, QUEUE_ROOM = 0x10000, QUEUES = 0x200000, BUFFERS = 0x220000,
	BUFFER = 2048, RECEIVERS = 16, HEADER = 10,
};

struct descriptor { u32 address, address_high, len; u16 flags, next; };
struct used { u16 flags, index; struct { u32 id, len; } ring[]; };
struct available { u16 flags, index, ring[]; };

struct queue {
	volatile struct descriptor *descriptors;
	volatile struct available *available;
	volatile struct used *used;
	u16 size, seen;
};

static struct queue receiver, sender;
static u16 base;
static u32 held = RECEIVERS; /* the buffer of the last frame, which the caller may be reading */

static u8 *buffer(u32 i)
{
	return (u8 *)(BUFFERS + i * BUFFER);
}

static u32 pci_address(u32 slot, u32 reg)
{
	return 0x80000000 | slot << 11 | reg;
}

static int find(void)
{
	for (u32 slot = 0; slot < 32; slot++) {
		u32 bar;

		out32(PCI_ADDRESS, pci_address(slot, 0));
		if (in32(PCI_DATA) != VIRTIO_NET)
			continue;
		out32(PCI_ADDRESS, pci_address(slot, PCI_BAR0));
		bar = in32(PCI_DATA);
		if (!(bar & 1)) /* a modern card without ports */
			continue;
		base = (u16)(bar & 0xfffc);
		out32(PCI_ADDRESS, pci_address(slot, PCI_COMMAND));
		out32(PCI_DATA, 5); /* ports, and DMA */
		return 0;
	}
	return -1;
}

static int queue_open(struct queue *q, u16 number)
{
	u32 memory = QUEUES + number * QUEUE_ROOM;
	u32 end;

	out16(base + QUEUE_SELECT, number);
	q->size = in16(base + QUEUE_SIZE);
	if (q->size < RECEIVERS || q->size > QUEUE_MAX)
		return -1;
	for (u32 i = 0; i < QUEUE_ROOM; i += 4)
		*(volatile u32 *)(memory + i) = 0;
	q->descriptors = (void *)memory;
	q->available = (void *)(memory + 16u * q->size);
	q->available->flags = NO_INTERRUPT;
	end = memory + 16u * q->size + 6 + 2u * q->size;
	q->used = (void *)((end + 4095) & ~4095u);
	out32(base + QUEUE_ADDRESS, memory / 4096);
	return 0;
}

/* Gives a descriptor to the card. x86 keeps the order of stores. */
static void give(struct queue *q, u16 number, u16 descriptor)
{
	q->available->ring[q->available->index % q->size] = descriptor;
	__asm__ volatile("" : : : "memory");
	q->available->index++;
	__asm__ volatile("lock; addl $0, (%%esp)" : : : "memory");
	out16(base + QUEUE_NOTIFY, number);
}

int card_open(u8 mac[6])
{
	if (find() < 0)
		return -1;
	out8(base + STATUS, 0);
	out8(base + STATUS, ACKNOWLEDGE);
	out8(base + STATUS, ACKNOWLEDGE | DRIVER);
	out32(base + DRIVER_FEATURES, FEATURE_MAC);
	if (queue_open(&receiver, 0) < 0 || queue_open(&sender, 1) < 0)
		return -1;
	for (u16 i = 0; i < 6; i++)
		mac[i] = in8(base + MAC + i);
	out8(base + STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK);
	for (u16 i = 0; i < RECEIVERS; i++) {
		receiver.descriptors[i].address = (u32)buffer(i);
		receiver.descriptors[i].len = BUFFER;
		receiver.descriptors[i].flags = DEVICE_WRITES;
		give(&receiver, 0, i);
	}
	return 0;
}

u8 *card_receive(u32 *len)
{
	u32 slot = receiver.seen % receiver.size;

	if (held < RECEIVERS)
		give(&receiver, 0, (u16)held);
	while (receiver.used->index == receiver.seen)
		__asm__ volatile("pause");
	held = receiver.used->ring[slot].id % RECEIVERS;
	*len = receiver.used->ring[slot].len;
	*len = *len < HEADER || *len > BUFFER ? 0 : *len - HEADER;
	receiver.seen++;
	return buffer(held) + HEADER;
}

u8 *card_frame(void)
{
	return buffer(RECEIVERS) + HEADER;
}

void card_send(u32 len)
{
	for (u32 i = 0; i < HEADER; i++)
		buffer(RECEIVERS)[i] = 0;
	sender.descriptors[0].address = (u32)buffer(RECEIVERS);
	sender.descriptors[0].len = HEADER + len;
	give(&sender, 1, 0);
	while (sender.used->index == sender.seen)
		__asm__ volatile("pause");
	sender.seen++;
}
