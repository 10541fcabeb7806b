import CUV
import Glibc
import Testing

@testable import UVLoop

/// Unix-domain sockets, pipes and adoptions leave no descriptor behind. In processes of their own:
/// descriptors are counted.
@Suite struct UnixLeakTests {
    @Test func connectionsAndTheirFailures() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let directory = try TemporaryDirectory()
                defer { directory.remove() }

                func round(_ loop: isolated EventLoop) async throws {
                    let path = directory.file("socket")
                    let server = try await loop.listen(on: .unix(path)) { EchoProtocol() }
                    for _ in 0..<20 {
                        let recorder = PlainRecorder()
                        recorder.hooks[.connectionMade] = { try $0.transport.write("ping") }
                        recorder.hooks[.received] = { $0.transport.close() }
                        _ = try await loop.dial(recorder, to: .unix(path))
                        try await until(loop) { recorder.isLost }
                    }
                    _ = try? loop.listen(onAddresses: server.addresses[0]) { EchoProtocol() }
                    server.close()
                    try await server.waitClosed()
                    _ = try? await loop.dial(PlainRecorder(), to: .unix(path))
                    // A stale file, found and replaced.
                    try RawSocket.listener(SocketAddress(unixPath: path)).close()
                    _ = try? await loop.dial(PlainRecorder(), to: .unix(path))
                    try loop.listen(onAddresses: SocketAddress(unixPath: path)) { EchoProtocol() }
                        .close()
                    // Attempts that wait, and are given up.
                    let full = try FullUnixListener()
                    let target = Endpoint.address(full.listener.localAddress)
                    _ = try? await loop.connect(
                        to: target, timeout: .milliseconds(3), PlainRecorder())
                    let attempt = loop.connect(to: target, PlainRecorder()) { _ in }
                    await turns(loop, for: .milliseconds(2))
                    attempt.cancel()
                    full.close()
                    try await until(loop) { !loop.core.hasUserHandles }
                }

                try await round(loop)
                let before = openDescriptorCount()
                for _ in 0..<10 { try await round(loop) }
                #expect(openDescriptorCount() <= before)
            }
        }
    }

    @Test func adoptions() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                func round(_ loop: isolated EventLoop) async throws {
                    let pipe = try EventLoop.pipe()
                    let pair = try EventLoop.socketPair()
                    let idle = try EventLoop.pipe()
                    var recorders: [PlainRecorder] = []
                    for descriptor in [
                        pipe.reading, pipe.writing, pair.0, pair.1, idle.writing, idle.reading,
                    ] {
                        let recorder = PlainRecorder()
                        recorders.append(recorder)
                        try loop.adopt(descriptor: descriptor, recorder)
                    }
                    try recorders[1].transport.write([UInt8](repeating: 1, count: 1_000_000))
                    recorders[1].transport.writeEOF()
                    try recorders[2].transport.write("hello")
                    recorders[2].transport.close()
                    recorders[5].transport.pauseReading()
                    await turns(loop, for: .milliseconds(60))
                    recorders[5].transport.abort()
                    try await until(loop) { recorders.allSatisfy(\.isLost) }

                    let listener = try RawSocket.listener(.unnamed)
                    let server = try loop.listen(adopting: listener.descriptor) { EchoProtocol() }
                    server.close()
                    // What is refused stays the caller's.
                    let bound = try RawSocket.bound()
                    _ = try? loop.adopt(descriptor: bound.descriptor, PlainRecorder())
                    _ = try? loop.listen(adopting: bound.descriptor) { EchoProtocol() }
                    try bound.startListening()
                    bound.close()
                    try await until(loop) { !loop.core.hasUserHandles }
                }

                try await round(loop)
                let before = openDescriptorCount()
                for _ in 0..<10 { try await round(loop) }
                #expect(openDescriptorCount() <= before)
            }
        }
    }

    @Test func aLoopThatCloses() async {
        await #expect(processExitsWith: .success) {
            func once() throws {
                try EventLoop.run { loop in
                    let server = try loop.listen(onAddresses: .unnamed) { EchoProtocol() }
                    for _ in 0..<10 {
                        _ = try await loop.dial(
                            PlainRecorder(), to: .address(server.addresses[0]))
                    }
                    let pipe = try EventLoop.pipe()
                    try loop.adopt(descriptor: pipe.reading, PlainRecorder())
                    let transport = try loop.adopt(descriptor: pipe.writing, PlainRecorder())
                    try transport.write([UInt8](repeating: 1, count: 1_000_000))
                    let full = try FullUnixListener()
                    loop.connect(
                        to: .address(full.listener.localAddress), PlainRecorder()
                    ) { _ in full.close() }
                    await turns(loop, for: .milliseconds(3))
                }
            }
            try once()
            let before = openDescriptorCount()
            for _ in 0..<3 { try once() }
            #expect(openDescriptorCount() <= before)
        }
    }
}
