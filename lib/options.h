/*
 * options: the options of every program: --help, --usage, --version, and -c FILE (--conf) if it
 * reads the configuration.
 *
 *     const char *conf = NULL;
 *     options_parse(&argp, argc, argv, &o, &conf);
 *     if (conf_load(&c, conf_find(conf), &e) < 0) …
 */
#ifndef HORNERO_LIB_OPTIONS_H
#define HORNERO_LIB_OPTIONS_H

#include <argp.h>

/* Parses the command line as argp_parse() does, with `input` for the parser of `argp`. If -c is
 * given, sets *conf to its FILE, which stays argv's. If conf is NULL, there is no -c. Prints help
 * or version and exits with 0; if the command line is wrong, says so and exits with 64. A program
 * without -c has the hidden option --failpoint SPEC instead. */
void options_parse(const struct argp *argp, int argc, char **argv, void *input, const char **conf);

#endif
