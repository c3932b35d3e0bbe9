# agent/: one room per program. libcommon.a holds the code that several of them share, libgroups.a
# their control groups.
agent_common_libcommon_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
agent_common_libcommon_a_SOURCES = \
	agent/common/reply.c agent/common/reply.h \
	agent/common/confirm.c agent/common/confirm.h \
	agent/common/current.c agent/common/current.h \
	agent/common/descriptors.h \
	agent/common/fence.c agent/common/fence.h \
	agent/common/contentkey.c agent/common/contentkey.h \
	agent/common/known.c agent/common/known.h \
	agent/common/outgoing.c agent/common/outgoing.h \
	agent/common/stableid.c agent/common/stableid.h \
	agent/common/pin_leave.c agent/common/pin_leave.h \
	agent/common/protocol.h \
	agent/common/publisher.c agent/common/publisher.h \
	agent/common/queuelocation.c agent/common/queuelocation.h \
	agent/common/toolchain.c agent/common/toolchain.h \
	agent/common/toolident.c agent/common/toolident.h \
	agent/common/treedigest.c agent/common/treedigest.h \
	agent/common/verdict.c agent/common/verdict.h \
	agent/common/workdir.c agent/common/workdir.h

agent_cgroup_libgroups_a_CPPFLAGS = $(AM_CPPFLAGS) $(CGROUP_CFLAGS)
agent_cgroup_libgroups_a_SOURCES = \
	agent/cgroup/cgbeside.c \
	agent/cgroup/cgdir.c agent/cgroup/cgdir.h \
	agent/cgroup/cgfind.c \
	agent/cgroup/cginner.h \
	agent/cgroup/cgleft.c \
	agent/cgroup/cgown.c agent/cgroup/cgown.h \
	agent/cgroup/cgquota.c agent/cgroup/cgquota.h \
	agent/cgroup/cgroup.c agent/cgroup/cgroup.h \
	agent/cgroup/cgset.c \
	agent/cgroup/cgweigh.c

hornerod_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(CGROUP_CFLAGS)
hornerod_SOURCES = \
	agent/hornerod/agent.h \
	agent/hornerod/attempt.c agent/hornerod/attempt.h \
	agent/hornerod/attempt_end.c \
	agent/hornerod/attempt_known.c \
	agent/hornerod/attempts.c agent/hornerod/attempts.h \
	agent/hornerod/auditing.c agent/hornerod/auditing.h \
	agent/hornerod/confirming.c agent/hornerod/confirming.h \
	agent/hornerod/earlier.c agent/hornerod/earlier.h \
	agent/hornerod/floors.c agent/hornerod/floors.h \
	agent/hornerod/foreign.c agent/hornerod/foreign.h \
	agent/hornerod/handover.c agent/hornerod/handover.h \
	agent/hornerod/healing.c \
	agent/hornerod/leftover.c agent/hornerod/leftover.h \
	agent/hornerod/leftover_groups.c \
	agent/hornerod/looking.c agent/hornerod/looking.h \
	agent/hornerod/loop.c \
	agent/hornerod/main.c \
	agent/hornerod/foreign_stall.c agent/hornerod/foreign_stall.h \
	agent/hornerod/standstill.c agent/hornerod/standstill.h \
	agent/hornerod/pressure.c agent/hornerod/pressure.h \
	agent/hornerod/publication.c agent/hornerod/publication.h \
	agent/hornerod/publications.c agent/hornerod/publications.h \
	agent/hornerod/reloading.c agent/hornerod/reloading.h \
	agent/hornerod/publication_early.c \
	agent/hornerod/publication_end.c \
	agent/hornerod/slots.c agent/hornerod/slots.h \
	agent/hornerod/soon.c \
	agent/hornerod/stuck.c \
	agent/hornerod/sweeping.c agent/hornerod/sweeping.h \
	agent/hornerod/turn.c \
	agent/hornerod/upkeep.c agent/hornerod/upkeep.h \
	agent/hornerod/yielding.c
hornerod_LDADD = agent/cgroup/libgroups.a agent/common/libcommon.a store/libstore.a \
	db/libdb.a state/libstate.a conf/libconf.a lib/libhornero.a \
	$(SYSTEMD_LIBS) $(CGROUP_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)

hornero_yield_SOURCES = agent/yield/main.c
hornero_yield_LDADD = agent/cgroup/libgroups.a conf/libconf.a lib/libhornero.a $(YAML_LIBS)

hornero_netns_SOURCES = \
	agent/netns/main.c \
	agent/netns/routes.c agent/netns/routes.h \
	agent/sandboxed/report.c agent/sandboxed/report.h
hornero_netns_LDADD = lib/libhornero.a

hornero_build_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) $(CGROUP_CFLAGS)
hornero_build_SOURCES = \
	agent/build/build.h \
	agent/build/build_artifact.c \
	agent/build/build_boot.c \
	agent/build/build_builder.c \
	agent/build/build_checkout.c \
	agent/build/build_common.c \
	agent/build/build_disk.c \
	agent/build/build_fetch.c \
	agent/build/build_fresh.c \
	agent/build/build_kernel.c \
	agent/build/build_shared.c \
	agent/build/build_view.c \
	agent/build/main.c \
	agent/build/build_move.c \
	agent/build/build_store.c \
	agent/build/lastline.c agent/build/lastline.h \
	agent/build/sandbox.c agent/build/sandbox.h \
	agent/build/stage.c agent/build/stage.h \
	agent/build/stagelog.c agent/build/stagelog.h \
	agent/build/try.c agent/build/try.h \
	agent/build/try_group.c agent/build/try_group.h \
	agent/build/syscalls.c agent/build/syscalls.h
hornero_build_LDADD = agent/cgroup/libgroups.a agent/common/libcommon.a store/libstore.a \
	state/libstate.a conf/libconf.a lib/libhornero.a \
	$(CGROUP_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)

hornero_boot_SOURCES = \
	agent/sandboxed/boot/boot.c agent/sandboxed/boot/boot.h \
	agent/sandboxed/boot/main.c \
	agent/sandboxed/boot/console.c agent/sandboxed/boot/console.h \
	agent/sandboxed/boot/guesttime.c agent/sandboxed/boot/guesttime.h \
	agent/sandboxed/report.c agent/sandboxed/report.h
hornero_boot_LDADD = state/libstate.a conf/libconf.a lib/libhornero.a

hornero_checkout_CPPFLAGS = $(AM_CPPFLAGS) $(LIBGIT2_CFLAGS)
hornero_checkout_SOURCES = \
	agent/sandboxed/checkout/checkout.c agent/sandboxed/checkout/checkout.h \
	agent/sandboxed/checkout/checkout_inner.h \
	agent/sandboxed/checkout/checkout_also.c \
	agent/sandboxed/checkout/checkout_attributes.c \
	agent/sandboxed/checkout/checkout_fail.c \
	agent/sandboxed/checkout/checkout_locks.c \
	agent/sandboxed/checkout/main.c \
	agent/sandboxed/checkout/convert.c agent/sandboxed/checkout/convert.h \
	agent/sandboxed/checkout/pathglob.c agent/sandboxed/checkout/pathglob.h \
	agent/sandboxed/report.c agent/sandboxed/report.h \
	agent/sandboxed/checkout/smudge.c agent/sandboxed/checkout/smudge.h \
	agent/sandboxed/checkout/treeindex.c agent/sandboxed/checkout/treeindex.h \
	agent/sandboxed/checkout/treename.c agent/sandboxed/checkout/treename.h \
	agent/sandboxed/checkout/treesync.c agent/sandboxed/checkout/treesync.h \
	agent/sandboxed/checkout/worktree.c agent/sandboxed/checkout/worktree.h
hornero_checkout_LDADD = state/libstate.a conf/libconf.a lib/libhornero.a \
	$(LIBGIT2_LIBS) $(YAML_LIBS) $(ZLIB_LIBS)

hornero_check_SOURCES = \
	agent/sandboxed/check/check.c agent/sandboxed/check/check.h \
	agent/sandboxed/check/main.c \
	agent/sandboxed/check/imghead.c agent/sandboxed/check/imghead.h \
	agent/sandboxed/report.c agent/sandboxed/report.h
hornero_check_LDADD = lib/libhornero.a

hornero_kernel2disk_SOURCES = \
	agent/sandboxed/kernel2disk/core.c agent/sandboxed/kernel2disk/core.h \
	agent/sandboxed/kernel2disk/disk.c agent/sandboxed/kernel2disk/disk.h \
	agent/sandboxed/kernel2disk/grub.c agent/sandboxed/kernel2disk/grub.h \
	agent/sandboxed/kernel2disk/header.c agent/sandboxed/kernel2disk/header.h \
	agent/sandboxed/kernel2disk/kernel.c agent/sandboxed/kernel2disk/kernel.h \
	agent/sandboxed/kernel2disk/main.c \
	agent/sandboxed/kernel2disk/tool.c agent/sandboxed/kernel2disk/tool.h \
	agent/sandboxed/check/check.c agent/sandboxed/check/check.h \
	agent/sandboxed/check/imghead.c agent/sandboxed/check/imghead.h \
	agent/sandboxed/report.c agent/sandboxed/report.h
hornero_kernel2disk_LDADD = state/libstate.a conf/libconf.a lib/libhornero.a

hornero_collect_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
hornero_collect_SOURCES = \
	agent/upkeep/collect/collect.h \
	agent/upkeep/collect/collect_bases.c agent/upkeep/collect/collect_bases.h \
	agent/upkeep/collect/collect_cache.c \
	agent/upkeep/collect/collect_fetched.c \
	agent/upkeep/collect/collect_history.c \
	agent/upkeep/collect/collect_junk.c \
	agent/upkeep/collect/collect_logs.c \
	agent/upkeep/collect/main.c \
	agent/upkeep/collect/collect_needed.c \
	agent/upkeep/collect/collect_report.c \
	agent/upkeep/collect/collect_store.c \
	agent/upkeep/collect/collect_work.c
hornero_collect_LDADD = agent/common/libcommon.a store/libstore.a db/libdb.a state/libstate.a \
	conf/libconf.a lib/libhornero.a $(JANSSON_LIBS) $(SQLITE_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS) \
	$(ZSTD_LIBS)

hornero_keep_SOURCES = \
	agent/upkeep/keep/main.c agent/upkeep/keep/keep.h \
	agent/upkeep/keep/keep_ask.c \
	agent/upkeep/keep/keep_releases.c \
	agent/upkeep/keep/keep_touch.c
hornero_keep_LDADD = agent/common/libcommon.a store/libstore.a state/libstate.a \
	conf/libconf.a lib/libhornero.a $(JANSSON_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)

hornero_scrub_SOURCES = agent/upkeep/scrub/main.c
hornero_scrub_LDADD = store/libstore.a db/libdb.a state/libstate.a conf/libconf.a lib/libhornero.a \
	$(JANSSON_LIBS) $(SQLITE_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)

hornero_publish_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
hornero_publish_SOURCES = \
	agent/publish/staging.c agent/publish/staging.h \
	agent/publish/backing.c agent/publish/backing.h \
	agent/publish/dependents.c agent/publish/dependents.h \
	agent/publish/diskinfo.c agent/publish/diskinfo.h \
	agent/publish/evict.c agent/publish/evict.h \
	agent/publish/filling.c agent/publish/filling.h \
	agent/publish/flattening.c agent/publish/flattening.h \
	agent/publish/makeway.c agent/publish/makeway.h \
	agent/publish/novalock.c agent/publish/novalock.h \
	agent/publish/ours.c agent/publish/ours.h \
	agent/publish/overlay.c agent/publish/overlay.h \
	agent/publish/peer.c agent/publish/peer.h \
	agent/publish/placing.c agent/publish/placing.h \
	agent/publish/publish.c agent/publish/publish.h \
	agent/publish/main.c \
	agent/publish/unchanged.c agent/publish/unchanged.h \
	agent/publish/standing.c agent/publish/standing.h \
	agent/publish/touch.c agent/publish/touch.h
hornero_publish_LDADD = agent/common/libcommon.a store/libstore.a state/libstate.a \
	conf/libconf.a lib/libhornero.a $(JANSSON_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)

hornero_flatten_CPPFLAGS = $(AM_CPPFLAGS) $(LIBVIRT_CFLAGS) $(JANSSON_CFLAGS)
hornero_flatten_SOURCES = \
	agent/publish/backing.c agent/publish/backing.h \
	agent/publish/diskinfo.c agent/publish/diskinfo.h \
	agent/publish/flatten/flatten.h \
	agent/publish/flatten/main.c \
	agent/publish/flatten/parent.c \
	agent/publish/overlay.c agent/publish/overlay.h \
	agent/publish/flatten/pull.c \
	agent/publish/unchanged.c agent/publish/unchanged.h \
	agent/publish/flatten/rebase.c
hornero_flatten_LDADD = state/libstate.a conf/libconf.a lib/libhornero.a \
	$(LIBVIRT_LIBS) $(JANSSON_LIBS) $(YAML_LIBS)

dist_man_MANS += doc/hornerod.8
EXTRA_DIST += \
	doc/design/README.md \
	doc/design/answers.md \
	doc/design/audit.md \
	doc/design/backup.md \
	doc/design/builds.md \
	doc/design/cache.md \
	doc/design/checkout.md \
	doc/design/configuration.md \
	doc/design/disk.md \
	doc/design/door.md \
	doc/design/evaluation.md \
	doc/design/glance.md \
	doc/design/hornerod.md \
	doc/design/mirror.md \
	doc/design/monitoring.md \
	doc/design/packages.md \
	doc/design/privileges.md \
	doc/design/processors.md \
	doc/design/pushes.md \
	doc/design/queue.md \
	doc/design/serve.md

hornero_sweep_CPPFLAGS = $(AM_CPPFLAGS) $(LIBGIT2_CFLAGS) $(JANSSON_CFLAGS)
hornero_sweep_SOURCES = \
	agent/upkeep/sweep/refs.c agent/upkeep/sweep/refs.h \
	agent/upkeep/sweep/registrations.c agent/upkeep/sweep/registrations.h \
	agent/upkeep/sweep/rollouts.c agent/upkeep/sweep/rollouts.h \
	agent/upkeep/sweep/stableids.c agent/upkeep/sweep/stableids.h \
	agent/upkeep/sweep/decision.c agent/upkeep/sweep/decision.h \
	agent/upkeep/sweep/main.c
hornero_sweep_LDADD = agent/common/libcommon.a store/libstore.a db/libdb.a state/libstate.a \
	conf/libconf.a lib/libhornero.a \
	$(LIBGIT2_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)

