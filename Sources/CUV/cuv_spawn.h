#pragma once

// Child processes: started without `fork`, and forgotten by the system when they have ended. In C
// because what that needs are macros and, of the C library, parts that are not in every version.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

// Before 2.29, glibc can neither change the directory nor keep a descriptor that has its number.
#if defined(__linux__) && defined(__GLIBC__) && defined(SYS_pidfd_open)
#if __GLIBC_PREREQ(2, 29)
#define CUV_SPAWNS
#endif
#endif

/// What watches a child: libuv's handle of processes if libuv has started it, else a poll of the
/// descriptor of the process.
typedef union {
  uv_process_t process;
  uv_poll_t poll;
} cuv_process_t;

/// Takes the status of a child that has ended: 1, and its code or the signal that ended it; 0 if
/// it has not ended; a negative libuv error if somebody else has taken it.
static inline int cuv_take_status(int process, int *code, int *signal) {
  int status;
  pid_t found;
  do {
    found = waitpid(process, &status, WNOHANG);
  } while (found < 0 && errno == EINTR);
  if (found <= 0) return found < 0 ? -errno : 0;
  *code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return 1;
}

static inline void *cuv_reap(void *process) {
    int status;
    while (waitpid((pid_t)(intptr_t)process, &status, 0) < 0 && errno == EINTR) {}
    return NULL;
}

/// Lets the system forget a child that nobody waits for, when it has ended: by a thread that waits
/// for it, unless that is already so.
static inline void cuv_reap_later(int process) {
    int status;
    if (waitpid(process, &status, WNOHANG) != 0) return;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 65536);
    // The program's signal handlers are not meant to run on so small a stack.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    pthread_create(&thread, &attributes, cuv_reap, (void *)(intptr_t)process);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

#if defined(CUV_SPAWNS)

/// Whether the status of a child stays until somebody takes it. libuv sees to that by a handler.
static inline bool cuv_keeps_children(void) {
  struct sigaction action;
  return sigaction(SIGCHLD, NULL, &action) == 0 && !(action.sa_flags & SA_NOCLDWAIT) &&
         ((action.sa_flags & SA_SIGINFO) || action.sa_handler != SIG_IGN);
}

/// Whether the program is looked for in this process's PATH, as `posix_spawnp` does: if there is
/// nothing to look for, or the child has the same.
static inline bool cuv_has_own_path(const uv_process_options_t *options) {
  if (!options->env || strchr(options->file, '/')) return true;
  const char *path = NULL;
  for (char **variable = options->env; *variable && !path; variable++)
    if (strncmp(*variable, "PATH=", 5) == 0) path = *variable + 5;
  const char *own = getenv("PATH");
  return path && own ? strcmp(path, own) == 0 : path == own;
}

/// Says what the child's descriptors and its directory are. False if that cannot be said.
static inline bool cuv_add_actions(posix_spawn_file_actions_t *actions,
                                   const uv_process_options_t *options) {
  for (int number = 0; number < options->stdio_count; number++) {
    const uv_stdio_container_t *container = &options->stdio[number];
    int source = container->flags & UV_INHERIT_FD ? container->data.fd : -1;
    if (source >= 0) {
      // One that has been made something else by then.
      if (source < number && options->stdio[source].data.fd != source) return false;
      if (posix_spawn_file_actions_adddup2(actions, source, number) != 0) return false;
    } else if (number <= STDERR_FILENO) {
      int mode = number == STDIN_FILENO ? O_RDONLY : O_RDWR;
      if (posix_spawn_file_actions_addopen(actions, number, "/dev/null", mode, 0) != 0)
        return false;
    }
  }
  return !options->cwd || posix_spawn_file_actions_addchdir_np(actions, options->cwd) == 0;
}

/// As libuv: programs do not expect that their standard descriptors do not block. What is behind a
/// descriptor is shared, so it makes no difference on which side this is done.
static inline void cuv_make_standard_blocking(const uv_process_options_t *options) {
  for (int number = 0; number < options->stdio_count && number <= STDERR_FILENO; number++) {
    if (!(options->stdio[number].flags & UV_INHERIT_FD)) continue;
    int flags = fcntl(options->stdio[number].data.fd, F_GETFL);
    if (flags >= 0 && flags & O_NONBLOCK)
      (void)fcntl(options->stdio[number].data.fd, F_SETFL, flags & ~O_NONBLOCK);
  }
}

/// The process's number; 0 if it has not been started, for whatever reason.
static inline int cuv_posix_spawn(const uv_process_options_t *options) {
  extern char **environ;
  pid_t process = 0;
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  if (posix_spawnattr_init(&attributes) != 0) return 0;
  if (posix_spawn_file_actions_init(&actions) == 0) {
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    if (cuv_add_actions(&actions, options)) {
      cuv_make_standard_blocking(options);
      if (posix_spawnp(&process, options->file, &actions, &attributes, options->args,
                       options->env ? options->env : environ) != 0)
        process = 0;
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawnattr_destroy(&attributes);
  return process;
}

/// A descriptor that can be read once the process has ended; close-on-exec. Or a negative error.
static inline int cuv_open_process(int process) {
  int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
  return descriptor < 0 ? -errno : descriptor;
}

#endif

/// Starts a program without `fork`, and makes a poll, at rest, of a descriptor that can be read
/// when it has ended: that is the caller's to close, after the poll.
///
/// Returns the number of the process; 0 if nothing has been started, and libuv is to do it, or to
/// say why not; a negative libuv error if the process cannot be watched, and has been ended.
static inline int cuv_spawn(uv_loop_t *loop, uv_poll_t *poll, const uv_process_options_t *options,
                            int *descriptor) {
#if defined(CUV_SPAWNS)
  // Detached, or another user or group: what posix_spawn cannot say everywhere, or at all.
  if (options->flags != 0 || !cuv_keeps_children() || !cuv_has_own_path(options)) return 0;
  // Keeps a place for the child's, and asks whether the kernel knows such descriptors.
  int place = cuv_open_process(getpid());
  if (place < 0) return 0;
  int process = cuv_posix_spawn(options);
  (void)close(place);
  if (process == 0) return 0;
  *descriptor = cuv_open_process(process);
  int result = *descriptor < 0 ? *descriptor : uv_poll_init(loop, poll, *descriptor);
  if (result >= 0) return process;
  if (*descriptor >= 0) (void)close(*descriptor);
  // If somebody else has taken its status already, the number is nobody's, or another's.
  if (result != UV_ESRCH) {
    (void)kill(process, SIGKILL);
    (void)cuv_reap((void *)(intptr_t)process);
  }
  return result;
#else
  (void)loop, (void)poll, (void)options, (void)descriptor;
  return 0;
#endif
}
