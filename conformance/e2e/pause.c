/* The first process of a pod: waits, reaps orphans, ends on SIGTERM or SIGINT. No libc: a static file of some hundred bytes. */
enum { EXIT = 60, WAIT4 = 61, SIGPROCMASK = 14, SIGTIMEDWAIT = 128, INT = 2, TERM = 15, CHLD = 17, NOHANG = 1 };

static long call(long number, long a, long b, long c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
    return result;
}

__attribute__((noreturn)) void _start(void)
{
    unsigned long awaited = 1UL << (TERM - 1) | 1UL << (INT - 1) | 1UL << (CHLD - 1);
    call(SIGPROCMASK, 0, (long)&awaited, 0, sizeof awaited);
    for (;;) {
        long signal = call(SIGTIMEDWAIT, (long)&awaited, 0, 0, sizeof awaited);
        if (signal == TERM || signal == INT)
            call(EXIT, 0, 0, 0, 0);
        while (signal == CHLD && call(WAIT4, -1, 0, NOHANG, 0) > 0)
            ;
    }
}
