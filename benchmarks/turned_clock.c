/* A clock that can be turned while programs run: loaded before libc (LD_PRELOAD), it adds the nanoseconds that stand, as one
 * 64-bit number, in the file that TURNED_CLOCK names to every reading of the wall clock. Stopwatches and waits are left alone.
 *
 *     cc -shared -fPIC -O2 -o turned_clock.so turned_clock.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *turned_by;

__attribute__((constructor)) static void look_up(void)
{
    const char *name = getenv("TURNED_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *place = mmap(NULL, sizeof *turned_by, PROT_READ, MAP_SHARED, file, 0);
    turned_by = place == MAP_FAILED ? NULL : place;
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, now);
    if (!failed && turned_by && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        int64_t whole = now->tv_sec * INT64_C(1000000000) + now->tv_nsec + *turned_by;
        now->tv_sec = whole / 1000000000;
        now->tv_nsec = whole % 1000000000;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *where)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (where)
        *where = precise.tv_sec;
    return precise.tv_sec;
}
