/* hook: the two hooks that hornero-hook is. Each returns the exit status that git gets. */
#ifndef HORNERO_HOOKS_HOOK_H
#define HORNERO_HOOKS_HOOK_H

/* 0: the push may go on; 1: refused, and the pusher was told why. */
int pre_receive(void);

/* Always 0: the refs are updated, and nothing that fails here may look like a failed push. */
int post_receive(void);

#endif
