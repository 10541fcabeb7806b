import Dispatch
import Glibc

// What Swift programs on Linux have without any package: Dispatch sources, all on one serial queue.

func fail(_ message: String, status: Int32 = 1) -> Never {
    _ = "DispatchServer: \(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(status)
}

func check(_ result: Int32, _ what: String) {
    if result < 0 { fail("\(what): \(String(cString: strerror(errno)))") }
}

let options = Options(CommandLine.arguments.dropFirst())

// Thousands of idle connections do not fit the usual soft limit of 1,024 descriptors.
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
// A peer that is gone is an error of the write, not the end of the server.
signal(SIGPIPE, SIG_IGN)

// Blocked before there are threads, so that only the wait below gets them.
var ends = sigset_t()
sigemptyset(&ends)
sigaddset(&ends, SIGINT)
sigaddset(&ends, SIGTERM)
pthread_sigmask(SIG_BLOCK, &ends, nil)

let server = Server(options.mode)
server.listen(port: options.port)
var number: Int32 = 0
sigwait(&ends, &number)
server.end()
