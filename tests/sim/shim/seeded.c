/* Makes a process depend on its seed alone: preloaded into a simulated run, it answers for the
 * random bytes and the clocks of the system.
 *
 * Random bytes come from a generator that starts with LIANDONG_SIM_SEED. A clock stands still but
 * for one microsecond at each look, so that what measures time sees it pass, and sees the same on
 * every run. Nothing of what a node decides may come from here: it is given its own clock and its
 * own randomness. What does come from here are the seeds of hash tables in libraries.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

static uint64_t state;
static int ready;
static uint64_t looks;

static uint64_t next(void) {
    if (!ready) {
        const char *seed = getenv("LIANDONG_SIM_SEED");
        state = seed ? strtoull(seed, NULL, 10) : 0;
        ready = 1;
    }
    state += 0x9e3779b97f4a7c15u;
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
    (void)flags;
    unsigned char *bytes = buffer;
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (unsigned char)(next() >> 32);
    }
    return (ssize_t)length;
}

int getentropy(void *buffer, size_t length) {
    getrandom(buffer, length, 0);
    return 0;
}

/* 8 April 2025, 10:00 in China. */
#define BEGIN 1744077600u

int clock_gettime(clockid_t clock, struct timespec *now) {
    (void)clock;
    looks++;
    now->tv_sec = (time_t)(BEGIN + looks / 1000000);
    now->tv_nsec = (long)(looks % 1000000) * 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    looks++;
    now->tv_sec = (time_t)(BEGIN + looks / 1000000);
    now->tv_usec = (suseconds_t)(looks % 1000000);
    return 0;
}

time_t time(time_t *now) {
    time_t seconds = (time_t)(BEGIN + looks / 1000000);
    if (now) {
        *now = seconds;
    }
    return seconds;
}
