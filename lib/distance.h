/*
 * distance: how far a mistyped word is from a right one, for "did you mean". Pure.
 */
#ifndef HORNERO_LIB_DISTANCE_H
#define HORNERO_LIB_DISTANCE_H

/* Returns the edit distance with transpositions of the first 40 bytes of each. */
int edit_distance(const char *a, const char *b);

#endif
