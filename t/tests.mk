# t/: every test prints TAP. unit_tests are C programs that use cmocka, the others are scripts that
# use t/lib. The first digit is the family.
unit_tests =
script_tests =
# The slowest files start first, guests before all others, so that prove runs the rest beside them.
# t/5458 depends on the node's memory pressure: it ends before the files start whose builds use all
# the memory that they may have.
slow_tests = \
	t/7670-ansible.t \
	t/9200-cgroup-v2.t \
	t/9300-systemd.t \
	t/9305-apparmor.t \
	t/9405-debian.t \
	t/9410-debian-13.t \
	t/5458-own-pressure.t \
	t/6340-confirm.t \
	t/7710-why-queued.t \
	t/7720-why-cold.t \
	t/7730-why-built.t \
	t/8000-crash.t \
	t/8002-crash-all.t \
	t/8003-every-call.t \
	t/5466-hangs-for-long.t \
	t/5454-busy-node.t \
	t/4330-door-hostile.t \
	t/5461-stuck.t \
	t/4370-door-push-options.t \
	t/4380-door-load.t \
	t/4385-git-suite.t \
	t/5465-yielding.t \
	t/6170-changed.t \
	t/8300-kill.t \
	t/6146-publisher-unit.t \
	t/6110-publish-nova.t \
	t/6115-nova-31.t \
	t/6910-serve-hostile.t \
	t/6865-share-faults.t \
	t/6852-rollout.t \
	t/6854-rollout-faults.t \
	t/6880-three-nodes.t \
	t/6810-glance.t \
	t/6860-share.t \
	t/9010-try.t \
	t/9031-evaluate-whole.t \
	t/9032-evaluate-cgroup-v2.t \
	t/9011-try-frameworks.t \
	t/5641-real-unikraft.t \
	t/4335-door-cost.t \
	t/9100-users.t \
	t/6605-gc-checkouts.t \
	t/6240-releases.t \
	t/6220-flatten-running.t \
	t/5464-wait-acts.t \
	t/5710-linux-initramfs.t \
	t/5462-stuck-kernel.t \
	t/8050-clocks.t \
	t/8040-damaged-queue.t \
	t/7630-json-schema.t \
	t/8340-maintenance.t \
	t/8320-history.t \
	t/8350-busy-queue.t \
	t/9020-tracked-files.t \
	t/5520-toolchain.t \
	t/5477-kernel-disk.t \
	t/5475-repo-settings.t \
	t/5530-inputs.t \
	t/4340-door-openssh.t \
	t/5540-fetch.t \
	t/5541-fetch-walls.t \
	t/6500-rollback.t \
	t/5410-agent.t \
	t/8030-lost-nudge.t \
	t/5630-families-at-once.t \
	t/5481-attacks-users.t \
	t/5485-moved-artifact.t \
	t/5100-checkout.t \
	t/6600-gc.t \
	t/6620-floors.t \
	t/6615-evict-releases.t \
	t/4360-door-words.t \
	t/5250-boot.t \
	t/6310-provenance.t \
	t/6145-publisher-hangs.t \
	t/5480-attacks.t \
	t/5455-pausing.t \
	t/5600-capstan.t \
	t/6610-evict.t \
	t/6320-answers.t \
	t/8210-disk-watch.t \
	t/8220-power-cuts.t \
	t/5400-attempt.t
check_PROGRAMS = $(unit_tests)
TESTS = $(unit_tests) $(script_tests)
TEST_EXTENSIONS = .t
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	HORNERO_BUILD='$(abs_builddir)'; export HORNERO_BUILD; \
	HORNERO_SRC='$(abs_srcdir)'; export HORNERO_SRC;
EXTRA_DIST += $(script_tests)
UNIT_LIBS = lib/libhornero.a $(CMOCKA_LIBS)
conf_test_libs = conf/libconf.a $(UNIT_LIBS) $(YAML_LIBS)

# t/0…: the sources and the test library
script_tests += \
	t/0000-structure.t \
	t/0010-messages.t \
	t/0020-soak.t \
	t/0010-durable.t \
	t/0100-test-lib.t

# t/1…: lib/
unit_tests += \
	t/1100-bell-unit \
	t/1200-uuid5-unit \
	t/1300-cpulist-unit \
	t/1400-steady-unit \
	t/1410-fairtime-unit \
	t/1420-slack-unit \
	t/1430-wildcard-unit \
	t/9424-journal-unit
t_9424_journal_unit_SOURCES = t/9424-journal-unit.c
t_9424_journal_unit_LDADD = $(UNIT_LIBS)
t_1100_bell_unit_SOURCES = t/1100-bell-unit.c
t_1100_bell_unit_LDADD = $(UNIT_LIBS)
t_1200_uuid5_unit_SOURCES = t/1200-uuid5-unit.c
t_1200_uuid5_unit_LDADD = $(UNIT_LIBS) $(CRYPTO_LIBS)
t_1300_cpulist_unit_SOURCES = t/1300-cpulist-unit.c
t_1300_cpulist_unit_LDADD = $(UNIT_LIBS)
t_1400_steady_unit_SOURCES = t/1400-steady-unit.c
t_1400_steady_unit_LDADD = $(UNIT_LIBS)
t_1410_fairtime_unit_SOURCES = t/1410-fairtime-unit.c
t_1410_fairtime_unit_LDADD = $(UNIT_LIBS)
t_1420_slack_unit_SOURCES = t/1420-slack-unit.c
t_1420_slack_unit_LDADD = $(UNIT_LIBS)
t_1430_wildcard_unit_SOURCES = t/1430-wildcard-unit.c
t_1430_wildcard_unit_LDADD = $(UNIT_LIBS)

# t/2…: conf/
unit_tests += \
	t/2000-conf-unit \
	t/2001-yaml-unit \
	t/2010-image-unit \
	t/2020-builder-unit \
	t/2030-conf-doc-unit \
	t/2040-keyring-unit \
	t/2050-way-unit \
	t/2060-repowords-unit \
	t/2090-yaml-corpus-unit \
	t/2095-keys-corpus-unit \
	t/2096-cloud-corpus-unit \
	t/2097-novaconf-corpus-unit
t_2000_conf_unit_SOURCES = \
	t/2000-conf-unit.c \
	t/lib/conf-test.h
t_2000_conf_unit_LDADD = $(conf_test_libs)
t_2001_yaml_unit_SOURCES = \
	t/2001-yaml-unit.c \
	t/lib/conf-test.h
t_2001_yaml_unit_LDADD = $(conf_test_libs)
t_2010_image_unit_SOURCES = \
	t/2010-image-unit.c \
	t/lib/conf-test.h
t_2010_image_unit_LDADD = $(conf_test_libs)
t_2020_builder_unit_SOURCES = \
	t/2020-builder-unit.c \
	t/lib/conf-test.h
t_2020_builder_unit_LDADD = $(conf_test_libs)
t_2030_conf_doc_unit_SOURCES = \
	t/2030-conf-doc-unit.c \
	t/lib/conf-test.h
t_2030_conf_doc_unit_LDADD = $(conf_test_libs)
t_2040_keyring_unit_SOURCES = \
	t/2040-keyring-unit.c \
	t/lib/conf-test.h
t_2040_keyring_unit_LDADD = $(conf_test_libs)
t_2050_way_unit_SOURCES = \
	t/2050-way-unit.c \
	t/lib/conf-test.h
t_2050_way_unit_LDADD = $(conf_test_libs)
t_2060_repowords_unit_SOURCES = \
	t/2060-repowords-unit.c \
	t/lib/conf-test.h
t_2060_repowords_unit_LDADD = $(conf_test_libs)
t_2090_yaml_corpus_unit_SOURCES = \
	t/2090-yaml-corpus-unit.c \
	t/lib/conf-test.h \
	t/fuzz/fuzz-yaml.c t/fuzz/fuzz-yaml.h
t_2090_yaml_corpus_unit_LDADD = $(conf_test_libs)
t_2095_keys_corpus_unit_SOURCES = \
	t/2095-keys-corpus-unit.c \
	t/lib/conf-test.h \
	t/fuzz/fuzz-keys.c t/fuzz/fuzz-keys.h
t_2095_keys_corpus_unit_LDADD = $(conf_test_libs)
t_2096_cloud_corpus_unit_SOURCES = \
	t/2096-cloud-corpus-unit.c \
	t/lib/conf-test.h \
	t/fuzz/fuzz-cloud.c t/fuzz/fuzz-cloud.h t/fuzz/scratch.h
t_2096_cloud_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_2096_cloud_corpus_unit_LDADD = $(conf_test_libs)
t_2097_novaconf_corpus_unit_SOURCES = \
	t/2097-novaconf-corpus-unit.c \
	t/lib/conf-test.h \
	t/fuzz/fuzz-novaconf.c t/fuzz/fuzz-novaconf.h
t_2097_novaconf_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_2097_novaconf_corpus_unit_LDADD = $(conf_test_libs)

# t/3…: db/
script_tests += \
	t/3100-queue-users.t
unit_tests += \
	t/3000-db-unit \
	t/3001-job-unit \
	t/3002-history-unit \
	t/3003-damage-unit \
	t/3010-words-unit \
	t/5120-account-unit
t_3000_db_unit_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_3000_db_unit_SOURCES = \
	t/3000-db-unit.c \
	t/lib/queue-unit.h
t_3000_db_unit_LDADD = db/libdb.a state/libstate.a $(UNIT_LIBS) $(SQLITE_LIBS)
t_3003_damage_unit_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_3003_damage_unit_SOURCES = \
	t/3003-damage-unit.c \
	t/lib/queue-unit.h
t_3003_damage_unit_LDADD = db/libdb.a state/libstate.a $(UNIT_LIBS) $(SQLITE_LIBS)
t_3001_job_unit_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_3001_job_unit_SOURCES = \
	t/3001-job-unit.c \
	t/lib/job-unit.h \
	t/lib/queue-unit.h
t_3001_job_unit_LDADD = db/libdb.a state/libstate.a $(UNIT_LIBS) $(SQLITE_LIBS)
t_3002_history_unit_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_3002_history_unit_SOURCES = \
	t/3002-history-unit.c \
	t/lib/job-unit.h \
	t/lib/queue-unit.h
t_3002_history_unit_LDADD = db/libdb.a state/libstate.a $(UNIT_LIBS) $(SQLITE_LIBS)
t_5120_account_unit_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_5120_account_unit_SOURCES = \
	t/5120-account-unit.c \
	t/lib/job-unit.h \
	t/lib/queue-unit.h
t_5120_account_unit_LDADD = db/libdb.a state/libstate.a $(UNIT_LIBS) $(SQLITE_LIBS)
t_3010_words_unit_SOURCES = \
	t/3010-words-unit.c \
	t/lib/conf-test.h
t_3010_words_unit_LDADD = db/libdb.a state/libstate.a $(UNIT_LIBS) $(SQLITE_LIBS)

# t/4…: hooks/ and door/
script_tests += \
	t/4100-post-receive.t \
	t/4110-repo-create.t \
	t/4115-root-names.t \
	t/4200-pre-receive.t \
	t/4205-allow.t \
	t/4210-missing.t \
	t/4250-door-missing.t \
	t/4300-ssh-push.t \
	t/4310-key-rights.t \
	t/4320-door.t \
	t/4330-door-hostile.t \
	t/4332-door-shares.t \
	t/4334-door-stop.t \
	t/4335-door-cost.t \
	t/4340-door-openssh.t \
	t/4345-door-clients.t \
	t/4350-push-options.t \
	t/4360-door-words.t \
	t/4370-door-push-options.t \
	t/4375-door-rights.t \
	t/4380-door-load.t \
	t/4385-git-suite.t \
	t/4400-push-order.t \
	t/4410-annotated-tags.t \
	t/4500-hostile-refs.t \
	t/4510-audit.t \
	t/4520-signed.t \
	t/4525-notify-audit.t
unit_tests += \
	t/4000-refline-unit \
	t/4010-pushopt-unit \
	t/4030-line-unit \
	t/4035-kexinit-unit \
	t/4040-gate-unit \
	t/4090-loose-corpus-unit \
	t/4505-audit-unit \
	t/4515-signedtext-unit
t_4515_signedtext_unit_SOURCES = \
	t/4515-signedtext-unit.c \
	t/lib/corpus-test.h \
	t/fuzz/fuzz-signedtext.c t/fuzz/fuzz-signedtext.h
t_4515_signedtext_unit_LDADD = $(UNIT_LIBS)
t_4505_audit_unit_SOURCES = t/4505-audit-unit.c
t_4505_audit_unit_LDADD = state/libstate.a $(UNIT_LIBS) $(CRYPTO_LIBS)
t_4000_refline_unit_SOURCES = \
	t/4000-refline-unit.c \
	t/fuzz/fuzz-refline.c t/fuzz/fuzz-refline.h
t_4000_refline_unit_LDADD = $(UNIT_LIBS)
t_4010_pushopt_unit_SOURCES = \
	t/4010-pushopt-unit.c \
	t/lib/conf-test.h \
	t/fuzz/fuzz-pushopt.c t/fuzz/fuzz-pushopt.h
t_4010_pushopt_unit_LDADD = conf/libconf.a $(UNIT_LIBS) $(YAML_LIBS)
t_4030_line_unit_SOURCES = \
	t/4030-line-unit.c \
	t/fuzz/fuzz-line.c t/fuzz/fuzz-line.h
t_4030_line_unit_LDADD = conf/libconf.a $(UNIT_LIBS) $(YAML_LIBS)
t_4035_kexinit_unit_SOURCES = \
	door/kexinit.c door/kexinit.h \
	door/packet.c door/packet.h \
	t/4035-kexinit-unit.c
t_4035_kexinit_unit_LDADD = $(UNIT_LIBS)
t_4040_gate_unit_SOURCES = \
	door/gate.c door/gate.h \
	t/4040-gate-unit.c
t_4040_gate_unit_LDADD = $(UNIT_LIBS)
t_4090_loose_corpus_unit_SOURCES = \
	t/4090-loose-corpus-unit.c \
	t/fuzz/fuzz-loose.c t/fuzz/fuzz-loose.h t/fuzz/scratch.h
t_4090_loose_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_4090_loose_corpus_unit_LDADD = $(UNIT_LIBS) $(ZLIB_LIBS)

# t/5…: attempts: agent/hornerod/, agent/build/, agent/sandboxed/
script_tests += \
	t/5100-checkout.t \
	t/5110-attributes.t \
	t/5122-fair-queue.t \
	t/5200-check.t \
	t/5250-boot.t \
	t/5400-attempt.t \
	t/5405-third-time.t \
	t/5410-agent.t \
	t/5415-upgrade.t \
	t/5420-notify.t \
	t/5450-groups.t \
	t/5451-which-cgroup.t \
	t/5452-neighbours.t \
	t/5453-group-stays.t \
	t/5454-busy-node.t \
	t/5455-pausing.t \
	t/5456-pause.t \
	t/5457-load.t \
	t/5458-own-pressure.t \
	t/5459-start-hangs.t \
	t/5460-hostile-output.t \
	t/5461-stuck.t \
	t/5462-stuck-kernel.t \
	t/5463-causes.t \
	t/5464-wait-acts.t \
	t/5465-yielding.t \
	t/5466-hangs-for-long.t \
	t/5467-slice-yields.t \
	t/5470-locked-cache.t \
	t/5475-repo-settings.t \
	t/5476-repo-also.t \
	t/5477-kernel-disk.t \
	t/5480-attacks.t \
	t/5481-attacks-users.t \
	t/5485-moved-artifact.t \
	t/5500-sweep.t \
	t/5510-upkeep-hangs.t \
	t/5520-toolchain.t \
	t/5522-toolchain-path.t \
	t/5530-inputs.t \
	t/5540-fetch.t \
	t/5541-fetch-walls.t \
	t/5600-capstan.t \
	t/5610-families.t \
	t/5620-kernel-families.t \
	t/5630-families-at-once.t \
	t/5640-real-solo5.t \
	t/5641-real-unikraft.t \
	t/5642-real-nanos.t \
	t/5643-real-capstan.t \
	t/5644-real-mirage.t \
	t/5645-real-osv.t \
	t/5646-real-rumprun.t \
	t/5700-hello-http.t \
	t/5710-linux-initramfs.t \
	t/5720-example-builders.t \
	t/5900-hello.t
unit_tests += \
	t/5000-imghead-unit \
	t/5010-treename-unit \
	t/5015-pathglob-unit \
	t/5020-kernel-unit \
	t/5090-imghead-corpus-unit \
	t/5091-treeindex-corpus-unit \
	t/5092-convert-corpus-unit \
	t/5095-verdict-corpus-unit \
	t/5096-handover-corpus-unit \
	t/5240-boot-unit \
	t/5245-expect-unit \
	t/5300-decision-unit \
	t/5525-treedigest-unit
t_5000_imghead_unit_SOURCES = \
	agent/sandboxed/check/imghead.c agent/sandboxed/check/imghead.h \
	t/5000-imghead-unit.c
t_5000_imghead_unit_LDADD = $(UNIT_LIBS)
t_5010_treename_unit_SOURCES = \
	agent/sandboxed/checkout/treename.c agent/sandboxed/checkout/treename.h \
	t/5010-treename-unit.c
t_5010_treename_unit_LDADD = $(UNIT_LIBS)
t_5015_pathglob_unit_SOURCES = \
	agent/sandboxed/checkout/pathglob.c agent/sandboxed/checkout/pathglob.h \
	t/5015-pathglob-unit.c
t_5015_pathglob_unit_LDADD = $(UNIT_LIBS)
t_5020_kernel_unit_SOURCES = \
	agent/sandboxed/kernel2disk/header.c agent/sandboxed/kernel2disk/header.h \
	agent/sandboxed/kernel2disk/kernel.c agent/sandboxed/kernel2disk/kernel.h \
	t/5020-kernel-unit.c
t_5020_kernel_unit_LDADD = $(UNIT_LIBS)
t_5090_imghead_corpus_unit_SOURCES = \
	agent/sandboxed/check/imghead.c agent/sandboxed/check/imghead.h \
	agent/sandboxed/checkout/treename.c agent/sandboxed/checkout/treename.h \
	t/5090-imghead-corpus-unit.c \
	t/fuzz/fuzz-imghead.c t/fuzz/fuzz-imghead.h
t_5090_imghead_corpus_unit_LDADD = $(UNIT_LIBS)
t_5091_treeindex_corpus_unit_SOURCES = \
	t/5091-treeindex-corpus-unit.c \
	t/fuzz/fuzz-treeindex.c t/fuzz/fuzz-treeindex.h
t_5091_treeindex_corpus_unit_LDADD = $(UNIT_LIBS) $(ZLIB_LIBS)
t_5092_convert_corpus_unit_SOURCES = \
	t/5092-convert-corpus-unit.c \
	t/fuzz/fuzz-convert.c t/fuzz/fuzz-convert.h
t_5092_convert_corpus_unit_LDADD = $(UNIT_LIBS)
t_5095_verdict_corpus_unit_SOURCES = \
	t/5095-verdict-corpus-unit.c \
	t/fuzz/fuzz-verdict.c t/fuzz/fuzz-verdict.h t/fuzz/scratch.h
t_5095_verdict_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_5095_verdict_corpus_unit_LDADD = state/libstate.a $(UNIT_LIBS) $(CRYPTO_LIBS)
t_5096_handover_corpus_unit_SOURCES = \
	t/5096-handover-corpus-unit.c \
	t/fuzz/fuzz-handover.c t/fuzz/fuzz-handover.h t/fuzz/scratch.h
t_5096_handover_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_5096_handover_corpus_unit_LDADD = state/libstate.a $(UNIT_LIBS) $(CRYPTO_LIBS)
t_5240_boot_unit_SOURCES = \
	agent/sandboxed/boot/console.c agent/sandboxed/boot/console.h \
	agent/sandboxed/boot/guesttime.c agent/sandboxed/boot/guesttime.h \
	t/5240-boot-unit.c
t_5240_boot_unit_LDADD = conf/libconf.a $(UNIT_LIBS)
t_5245_expect_unit_SOURCES = \
	t/5245-expect-unit.c \
	t/fuzz/fuzz-expect.c t/fuzz/fuzz-expect.h
t_5245_expect_unit_LDADD = conf/libconf.a $(UNIT_LIBS)
t_5300_decision_unit_SOURCES = \
	agent/upkeep/sweep/decision.c agent/upkeep/sweep/decision.h \
	t/5300-decision-unit.c
t_5300_decision_unit_LDADD = $(UNIT_LIBS)
t_5525_treedigest_unit_SOURCES = \
	t/5525-treedigest-unit.c \
	t/lib/conf-test.h
t_5525_treedigest_unit_LDADD = agent/common/libcommon.a $(UNIT_LIBS) $(CRYPTO_LIBS)

# t/6…: the store and Nova's cache: store/, agent/publish/, agent/upkeep/
script_tests += \
	t/6005-verify.t \
	t/6100-publish.t \
	t/6110-publish-nova.t \
	t/6115-nova-31.t \
	t/6120-publish-crash.t \
	t/6130-publish-user.t \
	t/6135-in-flight.t \
	t/6140-publish-order.t \
	t/6145-publisher-hangs.t \
	t/6146-publisher-unit.t \
	t/6150-reflink.t \
	t/6155-prepared.t \
	t/6156-prepared-agent.t \
	t/6160-foreign.t \
	t/6170-changed.t \
	t/6200-defer.t \
	t/6210-flatten.t \
	t/6220-flatten-running.t \
	t/6240-releases.t \
	t/6250-release-crash.t \
	t/6310-provenance.t \
	t/6320-answers.t \
	t/6330-clean.t \
	t/6340-confirm.t \
	t/6400-keep-warm.t \
	t/6500-rollback.t \
	t/6510-rollback-faults.t \
	t/6600-gc.t \
	t/6605-gc-checkouts.t \
	t/6610-evict.t \
	t/6615-evict-releases.t \
	t/6620-floors.t \
	t/6700-doctor.t \
	t/6800-outbox.t \
	t/6810-glance.t \
	t/6820-glance-methods.t \
	t/6825-glance-crash.t \
	t/6830-real-glance.t \
	t/6835-real-stable.t \
	t/6840-stable-id.t \
	t/6845-stable-crash.t \
	t/6850-notify.t \
	t/6852-rollout.t \
	t/6854-rollout-faults.t \
	t/6856-real-placement.t \
	t/6858-real-nova.t \
	t/6855-image-import.t \
	t/6860-share.t \
	t/6865-share-faults.t \
	t/6870-mirror.t \
	t/6875-mirror-faults.t \
	t/6880-three-nodes.t \
	t/6885-three-real.t \
	t/6900-serve.t \
	t/6910-serve-hostile.t
unit_tests += \
	t/6000-store-unit \
	t/6001-answers-unit \
	t/6002-releases-unit \
	t/6007-record-corpus-unit \
	t/6009-reply-unit \
	t/6010-overlay-unit \
	t/6020-dependents-unit \
	t/6030-diskinfo-corpus-unit \
	t/6905-range-unit
t_6000_store_unit_SOURCES = t/6000-store-unit.c t/lib/store-unit.h
t_6000_store_unit_LDADD = store/libstore.a $(UNIT_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)
t_6001_answers_unit_SOURCES = t/6001-answers-unit.c t/lib/store-unit.h
t_6001_answers_unit_LDADD = store/libstore.a $(UNIT_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)
t_6002_releases_unit_SOURCES = t/6002-releases-unit.c t/lib/store-unit.h
t_6002_releases_unit_LDADD = store/libstore.a $(UNIT_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)
t_6007_record_corpus_unit_SOURCES = \
	t/6007-record-corpus-unit.c \
	t/fuzz/fuzz-record.c t/fuzz/fuzz-record.h t/fuzz/scratch.h
t_6007_record_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_6007_record_corpus_unit_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS)
t_6009_reply_unit_SOURCES = \
	t/6009-reply-unit.c \
	t/fuzz/fuzz-reply.c t/fuzz/fuzz-reply.h
t_6009_reply_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_6009_reply_unit_LDADD = state/libstate.a $(UNIT_LIBS)
t_6010_overlay_unit_SOURCES = \
	agent/common/fence.c agent/common/fence.h \
	agent/publish/peer.c agent/publish/peer.h \
	t/6010-overlay-unit.c \
	t/fuzz/fuzz-overlay.c t/fuzz/fuzz-overlay.h \
	t/lib/overlay-unit.h
t_6010_overlay_unit_LDADD = $(UNIT_LIBS) $(CRYPTO_LIBS)
t_6020_dependents_unit_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
t_6020_dependents_unit_SOURCES = \
	agent/publish/backing.c agent/publish/backing.h \
	agent/publish/dependents.c agent/publish/dependents.h \
	agent/publish/diskinfo.c agent/publish/diskinfo.h \
	agent/publish/overlay.c agent/publish/overlay.h \
	agent/publish/unchanged.c agent/publish/unchanged.h \
	t/6020-dependents-unit.c \
	t/lib/overlay-unit.h
t_6020_dependents_unit_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)
t_6030_diskinfo_corpus_unit_SOURCES = \
	t/6030-diskinfo-corpus-unit.c \
	t/fuzz/fuzz-diskinfo.c t/fuzz/fuzz-diskinfo.h t/fuzz/scratch.h
t_6030_diskinfo_corpus_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/t/fuzz
t_6030_diskinfo_corpus_unit_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS)
t_6905_range_unit_SOURCES = t/6905-range-unit.c t/fuzz/fuzz-range.c t/fuzz/fuzz-range.h
t_6905_range_unit_LDADD = $(UNIT_LIBS)

# t/7…: cli/ and what is installed
script_tests += \
	t/7100-cli.t \
	t/7150-top.t \
	t/7160-fleet.t \
	t/7165-fleet-doors.t \
	t/7170-placement.t \
	t/7172-placement-traits.t \
	t/7174-require-warm.t \
	t/7200-init.t \
	t/7210-key.t \
	t/7215-base.t \
	t/7220-view.t \
	t/7300-docs.t \
	t/7305-error-classes.t \
	t/7310-completion.t \
	t/7320-builder.t \
	t/7330-builder-try.t \
	t/7340-builder-try-limits.t \
	t/7400-installed.t \
	t/7500-status.t \
	t/7505-metrics.t \
	t/7510-prometheus.t \
	t/7515-door-counts.t \
	t/7520-report.t \
	t/7525-report-chromium.t \
	t/7650-idempotent.t \
	t/7655-config.t \
	t/7660-last-good.t \
	t/7670-ansible.t \
	t/7600-queue-lists.t \
	t/7605-stats.t \
	t/7680-doctor-breaks.t \
	t/7710-why-queued.t \
	t/7720-why-cold.t \
	t/7730-why-built.t \
	t/7740-why-node.t \
	t/7610-events.t \
	t/7615-log-lines.t \
	t/7617-log-since.t \
	t/7620-show-diff.t \
	t/7630-json-schema.t \
	t/7640-top-keys.t
unit_tests += \
	t/7000-table-unit
t_7000_table_unit_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
t_7000_table_unit_SOURCES = t/7000-table-unit.c
t_7000_table_unit_LDADD = $(cli_libs) $(CMOCKA_LIBS)
unit_tests += \
	t/7700-why-unit
t_7700_why_unit_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
t_7700_why_unit_SOURCES = t/7700-why-unit.c
t_7700_why_unit_LDADD = $(cli_libs) $(CMOCKA_LIBS)

# t/8…: deaths, faults, load
unit_tests += t/8001-failpoint-unit
t_8001_failpoint_unit_SOURCES = t/8001-failpoint-unit.c
t_8001_failpoint_unit_LDADD = $(UNIT_LIBS)
script_tests += \
	t/8000-crash.t \
	t/8002-crash-all.t \
	t/8003-every-call.t \
	t/8020-dead-push.t \
	t/8021-dead-push-namespaces.t \
	t/8022-dead-push-door.t \
	t/8023-dead-push-users.t \
	t/8030-lost-nudge.t \
	t/8040-damaged-queue.t \
	t/8050-clocks.t \
	t/8100-many-pushes.t \
	t/8200-disk-full.t \
	t/8210-disk-watch.t \
	t/8220-power-cuts.t \
	t/8300-kill.t \
	t/8310-backup.t \
	t/8312-backup-users.t \
	t/8320-history.t \
	t/8330-rebuild-old.t \
	t/8340-maintenance.t \
	t/8350-busy-queue.t

# t/9…: from push to boot
script_tests += \
	t/9000-push-to-warm.t \
	t/9010-try.t \
	t/9011-try-frameworks.t \
	t/9020-tracked-files.t \
	t/9030-evaluate.t \
	t/9031-evaluate-whole.t \
	t/9032-evaluate-cgroup-v2.t \
	t/9100-users.t \
	t/9200-cgroup-v2.t \
	t/9300-systemd.t \
	t/9305-apparmor.t \
	t/9400-packages.t \
	t/9420-units.t \
	t/9421-reload.t \
	t/9422-watchdog.t \
	t/9423-journal.t \
	t/9405-debian.t \
	t/9410-debian-13.t

# Programs and libraries of the tests
check_PROGRAMS += \
	t/tools/clock-shim \
	t/tools/publish-tool \
	t/tools/queue-tool \
	t/tools/seed
# t/8050-clocks.t preloads it
t_tools_clock_shim_SOURCES = t/tools/clock-shim.c
t_tools_clock_shim_CFLAGS = -fPIC
t_tools_clock_shim_LDFLAGS = -shared
t_tools_publish_tool_SOURCES = t/tools/publish-tool.c
t_tools_publish_tool_LDADD = store/libstore.a state/libstate.a conf/libconf.a lib/libhornero.a \
	$(JANSSON_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)
t_tools_queue_tool_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_tools_queue_tool_SOURCES = t/tools/queue-tool.c
t_tools_queue_tool_LDADD = db/libdb.a state/libstate.a lib/libhornero.a $(SQLITE_LIBS)
t_tools_seed_SOURCES = t/tools/seed.c
t_tools_seed_LDADD = store/libstore.a db/libdb.a state/libstate.a conf/libconf.a \
	lib/libhornero.a $(JANSSON_LIBS) $(SQLITE_LIBS) \
	$(YAML_LIBS) $(CRYPTO_LIBS)

# hornerod with a schema of the version after this one: t/5415-upgrade.t
check_PROGRAMS += t/tools/hornerod-next
t_tools_hornerod_next_SOURCES =
nodist_t_tools_hornerod_next_SOURCES = \
	t/tools/next/migrate.c \
	t/tools/next/schema.inc
t_tools_hornerod_next_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_tools_hornerod_next_LDADD = $(hornerod_OBJECTS) $(hornerod_LDADD)
t/tools/next/schema.inc: db/schema.sql db/schema.awk Makefile
	$(AM_V_GEN)$(MKDIR_P) t/tools/next && { cat $(srcdir)/db/schema.sql; \
		echo "-- version $$(($$(grep -c '^-- version' $(srcdir)/db/schema.sql) + 1))"; \
		echo "CREATE TABLE of_the_next_version (id INTEGER PRIMARY KEY) STRICT;"; } | \
		$(AWK) -f $(srcdir)/db/schema.awk >$@.tmp && mv $@.tmp $@
t/tools/next/migrate.c: db/migrate.c t/tools/next/schema.inc
	$(AM_V_GEN)sed 's,"db/schema.inc","t/tools/next/schema.inc",' $(srcdir)/db/migrate.c >$@
CLEANFILES += t/tools/next/schema.inc t/tools/next/migrate.c

EXTRA_DIST += \
	t/tools/messages \
	t/attacks \
	t/fuzz/corpus/fuzz-cloud \
	t/fuzz/corpus/fuzz-convert \
	t/fuzz/corpus/fuzz-diskinfo \
	t/fuzz/corpus/fuzz-expect \
	t/fuzz/corpus/fuzz-handover \
	t/fuzz/corpus/fuzz-imghead \
	t/evaluate/cached.csv \
	t/evaluate/differential.csv \
	t/evaluate/facts.json \
	t/evaluate/resources.csv \
	t/git-suite/differences \
	t/git-suite/git-by-ssh \
	t/fuzz/corpus/fuzz-keys \
	t/fuzz/corpus/fuzz-line \
	t/fuzz/corpus/fuzz-loose \
	t/fuzz/corpus/fuzz-novaconf \
	t/fuzz/corpus/fuzz-overlay \
	t/fuzz/corpus/fuzz-pushopt \
	t/fuzz/corpus/fuzz-range \
	t/fuzz/corpus/fuzz-record \
	t/fuzz/corpus/fuzz-refline \
	t/fuzz/corpus/fuzz-reply \
	t/fuzz/corpus/fuzz-signedtext \
	t/fuzz/corpus/fuzz-treeindex \
	t/fuzz/corpus/fuzz-verdict \
	t/fuzz/corpus/fuzz-yaml \
	t/lib/attacks.sh \
	t/lib/cache.sh \
	t/lib/cli.sh \
	t/lib/crash.sh \
	t/lib/conf-test.h \
	t/lib/corpus-test.h \
	t/lib/deadpush.sh \
	t/lib/debian.sh \
	t/lib/door.sh \
	t/lib/evict.sh \
	t/lib/family.sh \
	t/lib/framework.sh \
	t/lib/fetch.sh \
	t/lib/flatten.sh \
	t/lib/groups.sh \
	t/lib/guest.sh \
	t/lib/hooks.sh \
	t/lib/ice.sh \
	t/lib/power.sh \
	t/lib/inspect.sh \
	t/lib/job-unit.h \
	t/lib/kernel.sh \
	t/lib/libvirt.sh \
	t/lib/metrics.sh \
	t/lib/mirror.sh \
	t/lib/nodes.sh \
	t/lib/glance.sh \
	t/lib/node.sh \
	t/lib/notify.sh \
	t/lib/openstack.sh \
	t/lib/three-nodes.sh \
	t/lib/nova.sh \
	t/lib/overlay-unit.h \
	t/lib/publish.sh \
	t/lib/push.sh \
	t/lib/rollout.sh \
	t/lib/queue-unit.h \
	t/lib/run \
	t/lib/says.sh \
	t/lib/schema.sh \
	t/lib/why.sh \
	t/lib/serve.sh \
	t/lib/setup.sh \
	t/lib/sshd.sh \
	t/lib/store-unit.h \
	t/lib/test.sh \
	t/lib/unit.sh \
	t/lib/upstream.sh \
	t/systemd/evaluate.t \
	t/systemd/hornero-test.service \
	t/systemd/hornero-test.target \
	t/systemd/apparmor.t \
	t/systemd/node.t \
	t/systemd/packages.t \
	t/systemd/start \
	t/systemd/try.t \
	t/tools/hostile-http.py \
	t/tools/soak.py \
	t/tools/lying-http.py \
	t/tools/hostile-pack.py \
	t/tools/git-https.py \
	t/tools/glance-standin.py \
	t/tools/nova_standin.py \
	t/tools/placement_standin.py \
	t/tools/real-nova.py \
	t/tools/real-placement.py \
	t/tools/hostile-ssh.py \
	t/tools/power-cut.py \
	t/tools/slow-pipe.py \
	t/tools/mirror.py \
	t/tools/in-root t/tools/nova-ask.py t/tools/nova-peer.py
