import Glibc
import NIOCore
import NIOPosix

// The servers on SwiftNIO, on one event loop: `--port P --mode echo|sink|source|frames --api NAME`.

let options = Options(CommandLine.arguments.dropFirst())

// Thousands of idle connections do not fit the usual soft limit of 1,024 descriptors.
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

// Blocked before there are threads, so that only the wait below gets them.
var ends = sigset_t()
sigemptyset(&ends)
sigaddset(&ends, SIGINT)
sigaddset(&ends, SIGTERM)
pthread_sigmask(SIG_BLOCK, &ends, nil)

do {
    let running: any RunningServer =
        switch options.api {
        case .handler: try HandlerServer(options)
        case .async: try AsyncServer(options)
        }
    print("listening on \(running.port)")
    fflush(nil)
    var number: Int32 = 0
    sigwait(&ends, &number)
    try running.end()
} catch {
    fail("\(error)")
}

protocol RunningServer {
    var port: Int { get }
    /// Closes all connections, and returns when that is done.
    func end() throws
}
