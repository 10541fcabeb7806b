import Glibc
import UVLoop

// The server side of every comparison: `--port P --mode echo|sink|source|frames --api NAME`.

func fail(_ message: String, status: Int32) -> Never {
    _ = "BenchServer: \(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(status)
}

let options: Options
do {
    options = try Options(Array(CommandLine.arguments.dropFirst()))
} catch {
    fail("\(error.message)", status: 2)
}

/// Serves until a signal ends it.
func run(on loop: isolated EventLoop, _ options: Options) async throws {
    // With several loops, each has a socket of its own on the same port, and the kernel deals
    // out the connections.
    var listening = ListenOptions()
    listening.reusePort = options.loops > 1
    let server = try await serve(on: loop, options, port: options.port, listening)
    var threads: [EventLoopThread] = []
    let port = server.port
    for number in 1..<options.loops {
        let thread = try EventLoopThread(name: "loop \(number)")
        try await thread.loop.perform { [options, listening] loop in
            _ = try await serve(on: loop, options, port: port, listening)
        }
        threads.append(thread)
    }
    onTerminationSignal(loop) { server.end() }
    print("listening on \(port)")
    fflush(nil)
    try await server.waitEnded()
    for thread in threads { await thread.shutdown() }
}

do {
    let options = options
    switch options.api {
    case .stream:
        // As an app whose default loop is this one, which is what streams are for.
        try EventLoop.runMain { try await run(on: EventLoop.main!, options) }
    case .buffered, .protocol:
        try EventLoop.run { loop in try await run(on: loop, options) }
    }
} catch {
    fail("\(error)", status: 1)
}
