/* hook: the two hooks of hornero-hook. Each returns the exit status for git. */
#ifndef HORNERO_HOOKS_HOOK_H
#define HORNERO_HOOKS_HOOK_H

/* Returns 0 to accept the push, 1 to refuse it after telling the pusher why. */
int pre_receive(void);

/* Always returns 0: git has updated the refs, so no failure here may look like a failed push. */
int post_receive(void);

#endif
