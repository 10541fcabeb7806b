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
    guard options.loops > 1 else {
        return try await wait(for: try await serve(on: loop, options, port: options.port), on: loop)
    }
    let group = try EventLoopGroup(count: options.loops, name: "loop")
    try await wait(for: try await serve(on: group, options), on: loop)
    await group.shutdown()
}

func wait(for server: any Service, on loop: isolated EventLoop) async throws {
    if options.signals == .end { onTerminationSignal(loop) { server.end() } }
    print("listening on \(server.port)")
    fflush(nil)
    try await server.waitEnded()
}

do {
    let options = options
    switch options.api {
    case .stream where options.loops == 1:
        // As an app whose default loop is this one, which is what streams are for.
        try EventLoop.runMain { try await run(on: EventLoop.main!, options) }
    case .buffered, .protocol, .stream:
        try EventLoop.run { loop in try await run(on: loop, options) }
    }
} catch {
    fail("\(error)", status: 1)
}
