/* Counts the matches of patterns in a text with Vectorscan or Hyperscan, block by block.
 *
 * usage: vectorscan PATTERNS TEXT BLOCK REPEAT
 *
 * PATTERNS has one regular expression a line. Each block of BLOCK bytes is read once, then searched REPEAT times while
 * it is in cache; only the searches are timed. Prints the CPU time in nanoseconds and the matches of one pass. */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_PATTERNS 4096

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *found) {
    (void)id, (void)from, (void)to, (void)flags;
    ++*(unsigned long long *)found;
    return 0;
}

static long long cpu_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(2);
}

int main(int argc, char **argv) {
    if (argc != 5) fail("usage: vectorscan PATTERNS TEXT BLOCK REPEAT");
    size_t block = strtoul(argv[3], NULL, 10);
    unsigned repeat = strtoul(argv[4], NULL, 10);
    static char *patterns[MAX_PATTERNS];
    static unsigned flags[MAX_PATTERNS], ids[MAX_PATTERNS];
    unsigned number = 0;
    size_t room = 0;
    FILE *file = fopen(argv[1], "r");
    if (!file || !block || !repeat) fail("bad arguments");
    while (number < MAX_PATTERNS) {
        char *line = NULL;
        ssize_t len = getline(&line, &room, file);
        room = 0;
        if (len < 0) break;
        line[strcspn(line, "\n")] = 0;
        patterns[number] = line;
        ids[number] = number;
        number++;
    }
    fclose(file);

    hs_database_t *database;
    hs_compile_error_t *error;
    hs_scratch_t *scratch = NULL;
    if (hs_compile_multi((const char *const *)patterns, flags, ids, number, HS_MODE_BLOCK, NULL, &database, &error))
        fail(error->message);
    if (hs_alloc_scratch(database, &scratch)) fail("no memory");

    char *text = malloc(block);
    unsigned long long found = 0;
    long long spent = 0;
    file = fopen(argv[2], "rb");
    if (!file || !text) fail("cannot read the text");
    for (size_t len; (len = fread(text, 1, block, file)) > 0;) {
        long long start = cpu_time();
        for (unsigned round = 0; round < repeat; round++)
            if (hs_scan(database, text, len, 0, scratch, count, &found)) fail("search failed");
        spent += cpu_time() - start;
    }
    printf("%lld %llu\n", spent, found / repeat);
    return 0;
}
