import Glibc

// What Swift programs on Linux have without any package: Dispatch sources, or Foundation's run
// loop. `--port P --mode echo|sink|source|frames --api sources|runloop`.

func fail(_ message: String, status: Int32 = 1) -> Never {
    _ = "NativeServer: \(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(status)
}

func check(_ result: Int32, _ what: String) {
    if result < 0 { fail("\(what): \(String(cString: strerror(errno)))") }
}

/// The signals that end the server.
let ends: sigset_t = {
    var ends = sigset_t()
    sigemptyset(&ends)
    sigaddset(&ends, SIGINT)
    sigaddset(&ends, SIGTERM)
    return ends
}()

func awaitSignal() {
    var (ends, number) = (ends, Int32(0))
    sigwait(&ends, &number)
}

let options = Options(CommandLine.arguments.dropFirst())

// Thousands of idle connections do not fit the usual soft limit of 1,024 descriptors.
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
// A peer that is gone is an error of the write, not the end of the server.
signal(SIGPIPE, SIG_IGN)
// Blocked before there are threads, so that only who waits for them gets them.
var blocked = ends
pthread_sigmask(SIG_BLOCK, &blocked, nil)

let platform: any Platform =
    switch options.api {
    case .sources: DispatchPlatform()
    case .runloop: RunLoopPlatform()
    }
let server = Server(options.mode, platform)
server.run(port: options.port)
