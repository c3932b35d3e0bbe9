# inspect.sh: the inspection of Nova, which refuses to boot from a disk that it finds unsafe. Newer
# releases of Nova use that of oslo.utils, which also reads the partition table. Both packages of
# Debian belong to Debian's own python.

inspector='
try:
    from oslo_utils.imageutils import format_inspector
except ImportError:
    from nova.image import format_inspector'

# test_inspection FILE: one test, `nova_accepts FILE`; skipped where Nova is missing.
test_inspection () {
	if /usr/bin/python3 -c "$inspector" 2>/dev/null
	then
		test_expect_success 'the inspection in Nova finds a safe disk' "nova_accepts '$1'"
	else
		test_skip 'the inspection in Nova finds a safe disk' 'no python3-nova here'
	fi
}

# nova_accepts FILE: Nova finds a safe disk of no other format.
nova_accepts () {
	/usr/bin/python3 - "$1" <<-END
	import sys
	$inspector
	f = format_inspector.detect_file_format(sys.argv[1])
	print(f)
	assert str(f) in ("raw", "gpt"), f
	f.safety_check()
	END
}
