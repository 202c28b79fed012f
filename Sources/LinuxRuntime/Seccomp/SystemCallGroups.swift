/// System calls by what they are for. Names of every architecture are together; a filter ignores those its architecture lacks.
/// What is absent on purpose: keyrings, kernel modules, swap, kexec, io_uring, userfaultfd, clock setting, raw I/O and mounts.
enum SystemCallGroups {
  /// Split at white space: one name per array element would be four hundred lines.
  private static func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }

  static let ordinary =
    files + metadata + directories + input + memory + processes + identity + signals + scheduling + time + sockets + interProcess

  private static let files = words(
    """
    open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 flock ioctl
    read pread64 readv preadv preadv2 write pwrite64 writev pwritev pwritev2 lseek _llseek
    sendfile sendfile64 splice tee vmsplice copy_file_range readahead fadvise64 fadvise64_64 cachestat
    truncate truncate64 ftruncate ftruncate64 fallocate sync syncfs fsync fdatasync sync_file_range
    io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64 name_to_handle_at
    """)
  private static let metadata = words(
    """
    stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64
    access faccessat faccessat2 chmod fchmod fchmodat fchmodat2 umask
    chown chown32 fchown fchown32 lchown lchown32 fchownat utime utimes futimesat utimensat utimensat_time64
    getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat
    listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat
    file_getattr file_setattr statmount listmount
    """)
  private static let directories = words(
    """
    getcwd chdir fchdir getdents getdents64 mkdir mkdirat rmdir mknod mknodat
    link linkat symlink symlinkat readlink readlinkat rename renameat renameat2 unlink unlinkat
    inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
    """)
  private static let input = words(
    """
    select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
    eventfd eventfd2 signalfd signalfd4 pipe pipe2
    """)
  private static let memory = words(
    """
    brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal
    remap_file_pages memfd_create memfd_secret membarrier pkey_alloc pkey_free pkey_mprotect map_shadow_stack
    process_mrelease
    """)
  private static let processes = words(
    """
    fork vfork execve execveat exit exit_group wait4 waitid waitpid pidfd_open pidfd_send_signal
    getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address set_robust_list get_robust_list
    ptrace process_vm_readv process_vm_writev rseq
    futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue restart_syscall
    get_thread_area set_thread_area prctl seccomp capget capset uprobe uretprobe
    landlock_create_ruleset landlock_add_rule landlock_restrict_self
    getrlimit ugetrlimit setrlimit prlimit64 getrusage sysinfo uname getcpu getrandom
    """)
  private static let identity = words(
    """
    getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32
    getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
    setresuid setresuid32 setresgid setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32
    """)
  private static let signals = words(
    """
    kill tkill tgkill pause sigaltstack sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
    """)
  private static let scheduling = words(
    """
    sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
    sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
    sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set
    """)
  private static let time = words(
    """
    time times gettimeofday adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 nanosleep alarm getitimer setitimer
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
    timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
    """)
  /// Without `socket`, whose address family is looked at.
  private static let sockets = words(
    """
    socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
    send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
    """)
  private static let interProcess = words(
    """
    ipc msgget msgctl msgsnd msgrcv semget semctl semop semtimedop semtimedop_time64 shmget shmctl shmat shmdt
    mq_open mq_unlink mq_getsetattr mq_notify mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    """)

  static let ofThisMachine: [String] = {
    #if arch(x86_64)
      ["arch_prctl", "modify_ldt"]
    #elseif arch(arm64)
      words("arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls")
    #else
      []
    #endif
  }()

  /// In this order in the profile. The kernel asks for the capability as well; the filter only lets the question reach it.
  static let byCapability: [(capability: String, names: [String])] = [
    ("CAP_DAC_READ_SEARCH", ["open_by_handle_at"]),
    (
      "CAP_SYS_ADMIN",
      words(
        """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree
        open_tree_attr perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
        lsm_get_self_attr lsm_list_modules lsm_set_self_attr
        """)
    ),
    ("CAP_SYS_BOOT", ["reboot"]),
    ("CAP_SYS_CHROOT", ["chroot"]),
    ("CAP_SYS_MODULE", ["delete_module", "init_module", "finit_module"]),
    ("CAP_SYS_PACCT", ["acct"]),
    ("CAP_SYS_PTRACE", ["kcmp", "pidfd_getfd", "process_madvise"]),
    ("CAP_SYS_RAWIO", ["iopl", "ioperm"]),
    ("CAP_SYS_TIME", ["settimeofday", "stime", "clock_settime", "clock_settime64"]),
    ("CAP_SYS_TTY_CONFIG", ["vhangup"]),
    ("CAP_SYS_NICE", ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node", "migrate_pages", "move_pages"]),
    ("CAP_SYSLOG", ["syslog"]),
    ("CAP_BPF", ["bpf"]),
    ("CAP_PERFMON", ["perf_event_open"]),
  ]
}
