# schema.sql → the elements of a C array of strings, one per "-- version N" section.
/^-- version [0-9]+$/ {
	if (++n != $3) {
		printf "schema.sql:%d: version %s where %d is due\n", NR, $3, n > "/dev/stderr"
		failed = 1
		exit 1
	}
	printf "%s/* %d */\n", (n > 1 ? "," : ""), n
	next
}
n && !/^[[:space:]]*(--.*)?$/ {
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	gsub(/\t/, " ")
	printf "\"%s\\n\"\n", $0
}
END {
	if (!failed && !n) {
		print "schema.sql: no \"-- version\" line" > "/dev/stderr"
		exit 1
	}
}
