#pragma once

// libuv for Swift. <uv.h> is imported as it is; what follows is only what Swift's importer cannot
// express: macros, flags that are enums on one platform and integers on another, and the few
// system calls that have no libuv function.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "cuv_spawn.h"

#if defined(__linux__)
#include <linux/sock_diag.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>
#endif

/// A value that no two living threads share: the identity of the calling thread.
///
/// As pthread_self(), but asked each time: to a compiler that is a constant, which it may keep
/// across an await, and the function go on in another thread.
static inline uintptr_t cuv_thread_token(void) {
  uintptr_t token;
#if defined(__linux__) && defined(__x86_64__)
  __asm__ volatile("movq %%fs:0, %0" : "=r"(token));
#elif defined(__linux__) && defined(__aarch64__)
  __asm__ volatile("mrs %0, tpidr_el0" : "=r"(token));
#else
  token = (uintptr_t)pthread_self();
  __asm__ volatile("" : "+r"(token));
#endif
  return token;
}

/// The thread that a loop belongs to, 0 once the loop is over; and the one that runs a job which
/// came after that, else 0. In C because every operation asks it, and Swift retains an object to
/// look at an atomic in it.
typedef struct {
  uintptr_t thread;
  uintptr_t late;
} cuv_owner_t;

/// Whether the calling thread may touch the loop.
static inline bool cuv_owner_is_caller(const cuv_owner_t *owner) {
  uintptr_t caller = cuv_thread_token();
  uintptr_t thread = __atomic_load_n(&owner->thread, __ATOMIC_RELAXED);
  if (thread == caller) return true;
  return thread == 0 && __atomic_load_n(&owner->late, __ATOMIC_RELAXED) == caller;
}

/// The same, but true on every thread once the loop is over.
static inline bool cuv_owner_is_caller_or_none(const cuv_owner_t *owner) {
  uintptr_t thread = __atomic_load_n(&owner->thread, __ATOMIC_RELAXED);
  return thread == cuv_thread_token() || thread == 0;
}

/// Whether the loop is over; what its thread did before is visible then.
static inline bool cuv_owner_is_none(const cuv_owner_t *owner) {
  return __atomic_load_n(&owner->thread, __ATOMIC_ACQUIRE) == 0;
}

/// The loop is over.
static inline void cuv_owner_end(cuv_owner_t *owner) {
  __atomic_store_n(&owner->thread, 0, __ATOMIC_RELEASE);
}

/// A late job begins on the calling thread, or has ended.
static inline void cuv_owner_set_late(cuv_owner_t *owner, bool runs) {
  __atomic_store_n(&owner->late, runs ? cuv_thread_token() : 0, __ATOMIC_RELAXED);
}

// Entry points of the Swift runtime, which compiled code calls as well. The standard library's way
// to the first two retains and releases the task, which is more than they do; its way to the others
// hops twice for a closure, and allocates for it.

/// The Swift task that the calling thread is running, null if none.
void *swift_task_getCurrent(void);
/// Whether the task is cancelled.
bool swift_task_isCancelled(void *task);

/// Has the cancellation of the calling task call a function, on whatever thread; at once if it is
/// cancelled already. Returns a record in the task's memory that the task has to remove: what it
/// begins in between has to be over by then. After that the function does not run any more.
__attribute__((swiftcall)) void *swift_task_addCancellationHandler(
    __attribute__((swiftcall)) void (*function)(__attribute__((swift_context)) void *context),
    void *context);
__attribute__((swiftcall)) void swift_task_removeCancellationHandler(void *record);

/// In `WaitingRoom.swift`: the task that waits in the room is cancelled. On any thread.
void uvloop_cancelled(void *room);

static inline __attribute__((swiftcall)) void cuv_cancelled(
    __attribute__((swift_context)) void *room) {
  uvloop_cancelled(room);
}

/// Has the cancellation of the calling task told to the room; returns the record.
static inline void *cuv_add_cancellation_handler(void *room) {
  return swift_task_addCancellationHandler(cuv_cancelled, room);
}

// What Foundation's run loop, too, uses to serve Dispatch's main queue.

/// A descriptor that becomes readable when there is something in the main queue.
int _dispatch_get_main_queue_handle_4CF(void);
/// Runs what is in the main queue. The argument is not used.
void _dispatch_main_queue_callback_4CF(void *message);

/// Whether the calling thread is the one that the process began with.
static inline bool cuv_is_main_thread(void) {
#if defined(__linux__)
  return syscall(SYS_gettid) == getpid();
#else
  return pthread_main_np() != 0;
#endif
}

/// Whether nobody has changed what a signal does.
static inline bool cuv_has_default_action(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
         action.sa_handler == SIG_DFL;
}

/// Ignores SIGPIPE, unless the program has a handler of its own.
static inline void cuv_ignore_sigpipe(void) {
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, NULL);
    }
}

/// Names the calling thread for debuggers; too long a name is cut.
static inline void cuv_name_thread(const char *name) {
#if defined(__linux__)
    prctl(PR_SET_NAME, name);
#else
    pthread_setname_np(name);
#endif
}

/// Whether the environment asks for debug mode: UVLOOP_DEBUG=1.
static inline bool cuv_has_debug_environment(void) {
    const char *value = getenv("UVLOOP_DEBUG");
    return value && value[0] == '1' && value[1] == 0;
}

// MARK: - Metrics

/// Counts turns. Begins with the handle that is called once a turn, so that the memory of the one
/// is that of the other.
typedef struct {
  uv_prepare_t prepare;
  uint64_t turns;
  /// Where the time and the idle time stood when the turn began.
  uint64_t began;
  uint64_t began_idle;
  /// How long the loop was at work in the last turn, and in the longest.
  uint64_t lag;
  uint64_t longest_lag;
} cuv_turn_counter_t;

/// A turn begins: what was before is none.
static inline void cuv_turn_begin(cuv_turn_counter_t *counter, uv_loop_t *loop) {
  counter->began = uv_hrtime();
  counter->began_idle = uv_metrics_idle_time(loop);
}

/// A turn ends, and the next begins: it was at work for the time that it did not sleep.
static inline void cuv_turn_end(cuv_turn_counter_t *counter, uv_loop_t *loop) {
  uint64_t began = counter->began, began_idle = counter->began_idle;
  cuv_turn_begin(counter, loop);
  uint64_t took = counter->began - began, slept = counter->began_idle - began_idle;
  counter->lag = took > slept ? took - slept : 0;
  if (counter->lag > counter->longest_lag) counter->longest_lag = counter->lag;
}

/// How many events the loop has taken from the system, or a negative libuv error: libuv counts them
/// since 1.45.
static inline int64_t cuv_event_count(uv_loop_t *loop) {
#if UV_VERSION_HEX >= 0x012D00
  uv_metrics_t metrics;
  int result = uv_metrics_info(loop, &metrics);
  return result < 0 ? result : (int64_t)metrics.events;
#else
  (void)loop;
  return UV_ENOSYS;
#endif
}

/// Makes libuv measure how long the loop sleeps: `uv_loop_configure`, which takes what it sets as
/// variable arguments.
static inline void cuv_measure_idle_time(uv_loop_t *loop) {
  uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
}

/// Closes a descriptor. What close(2) reports is of no use to anyone here: the descriptor is gone.
static inline void cuv_close(int descriptor) { (void)close(descriptor); }

/// memmem(3), which the C library declares only for its own dialects.
static inline const void *cuv_find(
    const void *bytes, size_t count, const void *sought, size_t sought_count
) {
    extern void *memmem(const void *, size_t, const void *, size_t);
    return memmem(bytes, count, sought, sought_count);
}

// MARK: - This process

/// Lets libuv write a new title where the arguments of the process are: `uv_setup_args` with the
/// kernel's own copy of them, of which Swift hands out another one. 0 or a negative libuv error.
static inline int cuv_set_up_title(void) {
#if defined(__linux__)
  // Fields 48 and 49: where the arguments begin and end.
  char text[1024];
  FILE *file = fopen("/proc/self/stat", "re");
  if (!file) return -errno;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  // The second field is the program's name, which may have anything in it, but ends so.
  char *rest = strrchr(text, ')');
  for (int field = 2; rest && field < 48; field++) rest = strchr(rest + 1, ' ');
  unsigned long start = 0, end = 0;
  if (!rest || sscanf(rest, "%lu %lu", &start, &end) != 2 || !start || start >= end)
    return UV_ENOTSUP;
  int count = 0;
  for (const char *byte = (const char *)start; byte < (const char *)end; byte++) count += !*byte;
  if (count == 0 || *((const char *)end - 1)) return UV_ENOTSUP;
  char **arguments = (char **)calloc((size_t)count + 1, sizeof *arguments);
  if (!arguments) return UV_ENOMEM;
  char *argument = (char *)start;
  for (int number = 0; number < count; number++) {
    arguments[number] = argument;
    argument += strlen(argument) + 1;
  }
  // libuv makes a copy of its own, and says so by returning another pointer.
  int result = uv_setup_args(count, arguments) != arguments ? 0 : UV_ENOMEM;
  free(arguments);
  return result;
#else
  return UV_ENOTSUP;
#endif
}

// MARK: - Files

/// How to open a file that is to be read to its end. Without waiting: to open a pipe would last
/// until somebody writes to it.
static const int cuv_open_to_read = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/// The flags of uv_fs_open as numbers everywhere.
static const int cuv_open_read_only = UV_FS_O_RDONLY;
static const int cuv_open_write_only = UV_FS_O_WRONLY;
static const int cuv_open_read_write = UV_FS_O_RDWR;
static const int cuv_open_append = UV_FS_O_APPEND;
static const int cuv_open_create = UV_FS_O_CREAT;
static const int cuv_open_exclusive = UV_FS_O_EXCL;
static const int cuv_open_truncate = UV_FS_O_TRUNC;
static const int cuv_open_directory = UV_FS_O_DIRECTORY;
static const int cuv_open_no_follow = UV_FS_O_NOFOLLOW;
static const int cuv_open_non_blocking = UV_FS_O_NONBLOCK;
static const int cuv_open_no_terminal = UV_FS_O_NOCTTY;
static const int cuv_open_no_access_time = UV_FS_O_NOATIME;
static const int cuv_open_sync = UV_FS_O_SYNC;
static const int cuv_open_data_sync = UV_FS_O_DSYNC;
static const int cuv_open_direct = UV_FS_O_DIRECT;

/// The part of a mode that says what kind of file it is, and its values.
static const uint64_t cuv_kind_mask = S_IFMT;
static const uint64_t cuv_kind_regular = S_IFREG;
static const uint64_t cuv_kind_directory = S_IFDIR;
static const uint64_t cuv_kind_link = S_IFLNK;
static const uint64_t cuv_kind_fifo = S_IFIFO;
static const uint64_t cuv_kind_socket = S_IFSOCK;
static const uint64_t cuv_kind_character_device = S_IFCHR;
static const uint64_t cuv_kind_block_device = S_IFBLK;

/// What the mode of a file says that it is.
static inline bool cuv_is_directory(uint64_t mode) { return S_ISDIR(mode); }
static inline bool cuv_is_regular_file(uint64_t mode) { return S_ISREG(mode); }
static inline bool cuv_is_block_device(uint64_t mode) { return S_ISBLK(mode); }

/// The position at which the descriptor is read next, or a negative libuv error.
static inline int64_t cuv_position(int descriptor) {
    off_t position = lseek(descriptor, 0, SEEK_CUR);
    return position < 0 ? -errno : (int64_t)position;
}

/// Sends a part of a file without its bytes passing through the process. How many bytes the
/// non-blocking socket took, 0 at the end of the file, or a negative libuv error. With a negative
/// offset the file's own position is used, and moves.
static inline ssize_t cuv_send_file(int socket, int file, int64_t offset, size_t count) {
#if defined(__linux__)
    off_t start = (off_t)offset;
    ssize_t sent;
    do {
        sent = sendfile(socket, file, offset < 0 ? NULL : &start, count);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
#else
    (void)socket, (void)file, (void)offset, (void)count;
    return -ENOSYS;
#endif
}

// MARK: - Processes

/// A descriptor of the null device, or a negative libuv error.
static inline int cuv_null_device(void) {
    int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

/// Opens the null device for each of the three standard descriptors that is closed. libuv takes it
/// for granted that none is its own: it never closes one of those numbers, or stops the program.
static inline void cuv_fill_standard(void) {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        if (fcntl(number, F_GETFD) < 0 && errno == EBADF) (void)open("/dev/null", O_RDWR);
    }
}

/// Closes a descriptor. One of the standard ones becomes the null device instead: nothing of
/// libuv's may get its number.
static inline void cuv_close_adopted(int descriptor) {
    int null = descriptor > STDERR_FILENO ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, descriptor) < 0) (void)close(descriptor);
    if (null >= 0) (void)close(null);
}

/// Another number above those of the standard descriptors, for one that may have one of those, and
/// which is closed then; close-on-exec. Negative if that fails, and it is closed all the same.
static inline int cuv_above_standard(int descriptor) {
    if (descriptor > STDERR_FILENO) return descriptor;
    int higher = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int result = higher < 0 ? -errno : higher;
    (void)close(descriptor);
    return result;
}

/// Whether the path leads to a directory that can be entered; 0 or a negative libuv error.
static inline int cuv_can_enter(const char *path) {
    struct stat found;
    if (stat(path, &found) < 0) return -errno;
    if (!S_ISDIR(found.st_mode)) return -ENOTDIR;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

// MARK: - Sockets

/// A non-blocking, close-on-exec stream socket of the family, or a negative libuv error.
static inline int cuv_stream_socket(int family) {
#if defined(__linux__)
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
#else
    int descriptor = socket(family, SOCK_STREAM, 0);
    if (descriptor < 0) return -errno;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    return descriptor;
#endif
}

/// Gives the socket its local address; 0 or a negative libuv error.
static inline int cuv_bind(int descriptor, const struct sockaddr *address, socklen_t length) {
    return bind(descriptor, address, length) < 0 ? -errno : 0;
}

/// Makes the socket listen; 0 or a negative libuv error.
static inline int cuv_listen(int descriptor, int backlog) {
    return listen(descriptor, backlog) < 0 ? -errno : 0;
}

/// Begins to connect a non-blocking socket, which is writable once that has ended; 0, also if it
/// has ended already, or a negative libuv error.
static inline int cuv_connect(int descriptor, const struct sockaddr *address, socklen_t length) {
    if (connect(descriptor, address, length) == 0) return 0;
    // Interrupted means under way, too: calling again would only say so.
    return errno == EINPROGRESS || errno == EINTR ? 0 : -errno;
}

/// The socket's local address, in the form of uv_tcp_getsockname.
static inline int cuv_local_address(int descriptor, struct sockaddr *address, int *length) {
    socklen_t size = (socklen_t)*length;
    if (getsockname(descriptor, address, &size) < 0) return -errno;
    *length = (int)size;
    return 0;
}

/// The address of the socket's peer, in the form of uv_tcp_getpeername.
static inline int cuv_peer_address(int descriptor, struct sockaddr *address, int *length) {
    socklen_t size = (socklen_t)*length;
    if (getpeername(descriptor, address, &size) < 0) return -errno;
    *length = (int)size;
    return 0;
}

/// SOCK_STREAM and SOCK_DGRAM as numbers everywhere.
static const int cuv_stream_type = SOCK_STREAM;
static const int cuv_datagram_type = SOCK_DGRAM;

/// Accepts one connection, non-blocking and close-on-exec; a negative libuv error otherwise.
/// Fills in the peer's address and its length.
static inline int cuv_accept(int listener, struct sockaddr_storage *peer, socklen_t *length) {
    int descriptor;
    do {
        *length = sizeof *peer;
#if defined(__linux__)
        descriptor =
            accept4(listener, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
        descriptor = accept(listener, (struct sockaddr *)peer, length);
#endif
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) return -errno;
#if !defined(__linux__)
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
#endif
    return descriptor;
}

/// A duplicate of the descriptor with close-on-exec set, or a negative libuv error.
static inline int cuv_duplicate(int descriptor) {
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return copy < 0 ? -errno : copy;
}

/// Ends a connection in both directions, for all duplicates of the descriptor.
static inline void cuv_shut_down(int descriptor) { (void)shutdown(descriptor, SHUT_RDWR); }

/// Whether the connection is over, in both directions.
static inline bool cuv_is_hung_up(int descriptor) {
    struct pollfd look = {descriptor, 0, 0};
    return poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR));
}

/// How a descriptor was opened, one of O_RDONLY, O_WRONLY and O_RDWR, or a negative libuv error.
static inline int cuv_access_mode(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -errno : flags & O_ACCMODE;
}

/// Makes a descriptor non-blocking; 0 or a negative libuv error.
static inline int cuv_set_non_blocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/// Keeps a descriptor from the programs that this one starts.
static inline void cuv_set_close_on_exec(int descriptor) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/// How many bytes wait to be read from the socket or pipe, or a negative libuv error.
static inline int cuv_unread_bytes(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) < 0 ? -errno : count;
}

/// Sets an integer socket option; 0 or a negative libuv error.
static inline int cuv_set_option(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

/// Reads an integer socket option into `value`; 0 or a negative libuv error.
static inline int cuv_get_option(int descriptor, int level, int name, int *value) {
    socklen_t length = sizeof *value;
    return getsockopt(descriptor, level, name, value, &length) < 0 ? -errno : 0;
}

// MARK: - Descriptors of the user's

/// Makes sure that a descriptor is non-blocking, with one system call if it is already; 0 or a
/// negative libuv error.
static inline int cuv_ensure_non_blocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -errno;
    if (flags & O_NONBLOCK) return 0;
    return fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/// Whether libuv watches a descriptor on the loop: what it asks itself before it takes another
/// watcher. In C because Swift sees the list as one of untyped pointers.
static inline bool cuv_is_watched(const uv_loop_t *loop, int descriptor) {
    return descriptor >= 0 && (unsigned)descriptor < loop->nwatchers &&
           loop->watchers[descriptor] != NULL;
}

/// Reads what is there; how many bytes, or a negative libuv error.
static inline ssize_t cuv_read(int descriptor, void *bytes, size_t count) {
    ssize_t result;
    do {
        result = read(descriptor, bytes, count);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

/// The same at an offset of a file; with a negative one at the file's own position.
static inline ssize_t cuv_read_at(int file, void *bytes, size_t count, int64_t offset) {
    ssize_t result;
    do {
        result = offset < 0 ? read(file, bytes, count) : pread(file, bytes, count, (off_t)offset);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

/// Sends what is taken, without a SIGPIPE if it is a socket; how many bytes, or a negative libuv
/// error.
static inline ssize_t cuv_send(int descriptor, const void *bytes, size_t count) {
    ssize_t result;
    do {
#if defined(MSG_NOSIGNAL)
        result = send(descriptor, bytes, count, MSG_NOSIGNAL);
        if (result < 0 && errno == ENOTSOCK) result = write(descriptor, bytes, count);
#else
        result = write(descriptor, bytes, count);
#endif
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

/// Whether a socket has a peer already, as opposed to being on its way to one.
static inline bool cuv_is_connected(int descriptor) {
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    return getpeername(descriptor, (struct sockaddr *)&peer, &length) == 0;
}

/// Receives one datagram with its sender; its whole length, which may be more than `count`, or a
/// negative libuv error.
static inline ssize_t cuv_receive_from(
    int descriptor, void *bytes, size_t count, struct sockaddr_storage *sender, socklen_t *length
) {
    ssize_t result;
    do {
        *length = sizeof *sender;
        result = recvfrom(
            descriptor, bytes, count, MSG_TRUNC, (struct sockaddr *)sender, length);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

/// Sends one datagram, to the address or, with a null one, to the peer; 0 or a negative libuv
/// error.
static inline int cuv_send_to(
    int descriptor, const void *bytes, size_t count, const struct sockaddr *address,
    socklen_t length
) {
    ssize_t result;
    do {
#if defined(MSG_NOSIGNAL)
        result = sendto(descriptor, bytes, count, MSG_NOSIGNAL, address, length);
#else
        result = sendto(descriptor, bytes, count, 0, address, length);
#endif
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

// MARK: - Files of Unix-domain sockets

/// Which file it is that a path leads to, and whether it is a socket.
struct cuv_file {
    uint64_t device;
    uint64_t inode;
    bool is_socket;
};

/// Looks at what is at the path, not through a link; 0 or a negative libuv error.
static inline int cuv_file_at(const char *path, struct cuv_file *file) {
    struct stat found;
    if (lstat(path, &found) < 0) return -errno;
    file->device = (uint64_t)found.st_dev;
    file->inode = (uint64_t)found.st_ino;
    file->is_socket = S_ISSOCK(found.st_mode);
    return 0;
}

/// Sets the permissions of the file; 0 or a negative libuv error.
static inline int cuv_set_mode(const char *path, unsigned mode) {
    return chmod(path, (mode_t)mode) < 0 ? -errno : 0;
}

/// Removes the file; 0 or a negative libuv error.
static inline int cuv_remove(const char *path) { return unlink(path) < 0 ? -errno : 0; }

/// Drops the datagrams that wait in a socket's receive buffer: as many as it can hold at most.
static inline void cuv_drop_input(int descriptor) {
    char byte;
    for (int left = 1 << 16; left > 0; left--) {
        if (recv(descriptor, &byte, sizeof byte, MSG_DONTWAIT) < 0 && errno != EINTR) return;
    }
}

/// How many datagrams the system has dropped because the socket had no room for them, or a negative
/// libuv error where it does not tell.
static inline int64_t cuv_dropped_datagrams(int descriptor) {
#if defined(__linux__) && defined(SO_MEMINFO)
    uint32_t numbers[SK_MEMINFO_VARS];
    socklen_t length = sizeof numbers;
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, numbers, &length) < 0) return -errno;
    return length > SK_MEMINFO_DROPS * sizeof *numbers ? numbers[SK_MEMINFO_DROPS] : UV_ENOTSUP;
#else
    return UV_ENOTSUP;
#endif
}

// MARK: - The loop's own wakeup and clock descriptors (Linux)

#if defined(__linux__)
/// A non-blocking event counter to wake a sleeping loop; a negative libuv error otherwise.
static inline int cuv_wakeup_open(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

static inline void cuv_wakeup_send(int descriptor) {
    uint64_t one = 1;
    ssize_t ignored = write(descriptor, &one, sizeof one);  // full means: already awake
    (void)ignored;
}

static inline void cuv_wakeup_clear(int descriptor) {
    uint64_t count;
    ssize_t ignored = read(descriptor, &count, sizeof count);
    (void)ignored;
}

/// A timer descriptor on the clock of uv_hrtime; a negative libuv error otherwise.
static inline int cuv_clock_open(void) {
    int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

/// Puts a new descriptor, or the libuv error that came instead, in the place of one in use: 0 or a
/// negative libuv error. In C because dup3 is Linux's own.
static inline int cuv_replace(int descriptor, int fresh) {
    extern int dup3(int, int, int);
    if (fresh < 0) return fresh;
    int result = dup3(fresh, descriptor, O_CLOEXEC) < 0 ? -errno : 0;
    close(fresh);
    return result;
}

/// Makes the descriptor readable once uv_hrtime reaches `nanoseconds`; 0 disarms it. Setting it
/// also takes back an expiry that nobody has read.
static inline void cuv_clock_arm(int descriptor, uint64_t nanoseconds) {
    struct itimerspec when = {
        {0, 0},
        {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)},
    };
    timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &when, NULL);
}
#endif
