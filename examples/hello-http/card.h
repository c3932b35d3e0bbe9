/* card.h: the first virtio network card, polled, one frame at a time. */
#pragma once
#include "io.h"

enum { FRAME_MAX = 1514 };

/* Returns 0, or -1 if there is no such card. */
int card_open(u8 mac[6]);

/* Returns the next frame, valid until the next call, and sets its length; waits for it. */
u8 *card_receive(u32 *len);

/* Returns where the next frame is to be written, at most FRAME_MAX bytes. */
u8 *card_frame(void);

/* Sends the first len bytes there, and waits until the card has taken them. */
void card_send(u32 len);
