import CUV
import Foundation
import Testing

@testable import UVLoop

/// A listener on a Unix-domain socket whose queue is full: connecting fails for now.
struct FullUnixListener {
    let listener: RawSocket
    private let clients: [Int32]

    init(_ address: SocketAddress = .unnamed) throws {
        listener = try RawSocket.listener(address, backlog: 1)
        var clients: [Int32] = []
        let target = listener.localAddress
        while true {
            let descriptor = try UVError.check(cuv_stream_socket(AF_UNIX))
            clients.append(descriptor)
            let result = target.withSockaddr { cuv_connect(descriptor, $0, $1) }
            if result == UV_EAGAIN.rawValue { break }
            try UVError.check(result)
        }
        self.clients = clients
    }

    /// How many of the clients are in the queue.
    var queued: Int { clients.count - 1 }

    func close() {
        for client in clients { cuv_close(client) }
        listener.close()
    }
}

/// Connecting to Unix-domain sockets.
@Suite(.timeLimit(.minutes(1)))
struct UnixConnectingTests {
    @Test(arguments: ProtocolKind.allCases, [true, false])
    func everyByteGoesThereAndBack(_ kind: ProtocolKind, _ isAbstract: Bool) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = isAbstract ? "\0uvloop \(UUID())" : directory.file("socket")
            let server = try await loop.listen(on: .unix(path)) { EchoProtocol() }
            let recorder = kind.newRecorder()
            let transport = try await loop.dial(recorder, to: .unix(path))
            #expect(recorder.events == [.connectionMade])
            var random = SeededGenerator(seed: 11)
            let sent = random.bytes(3_000_000)
            try transport.write(sent)
            transport.writeEOF()
            try await until(loop) { recorder.isLost }
            let isWhole = recorder.byteCount == sent.count && recorder.bytes == sent
            #expect(isWhole)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func withACompletion() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(.unnamed)
            let recorder = PlainRecorder()
            var results: [Transport?] = []
            loop.connect(to: .address(listener.localAddress), recorder) {
                results.append(try? $0.get())
            }
            #expect(results.isEmpty)
            try await until(loop) { !results.isEmpty }
            let transport = try #require(results.first ?? nil)
            #expect(recorder.liveTransport === transport)
            transport.abort()
            try await until(loop) { recorder.isLost }
            #expect(results.count == 1)
            listener.close()
        }
    }

    @Test func nobodyThereIsNamed() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file("socket")
            try RawSocket.listener(SocketAddress(unixPath: path)).close()
            try directory.write("text", to: "file")
            for (endpoint, code, printed) in [
                (Endpoint.unix(path), UVError.connectionRefused, path),
                (
                    .unix(directory.file("nothing")), .noSuchFileOrDirectory,
                    directory.file("nothing")
                ),
                (.unix(directory.file("file")), .connectionRefused, directory.file("file")),
                (.unix("\0uvloop nobody"), .connectionRefused, "@uvloop nobody"),
            ] {
                let recorder = PlainRecorder()
                let error = await #expect(throws: EndpointError.self) {
                    _ = try await loop.dial(recorder, to: endpoint)
                }
                #expect(error?.operation == .connect && error?.code == code)
                #expect(error?.endpoint == printed)
                #expect(recorder.events == [])
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 200)])
    func whatIsNoPathIsRefused(_ path: String) async throws {
        try await onLoop { loop in
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.dial(PlainRecorder(), to: .unix(path))
            }
            #expect(error?.operation == .resolve)
        }
    }

    @Test func theLocalAddressIsAName() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(.unnamed)
            let own = try SocketAddress(abstractName: "uvloop \(UUID())")
            let recorder = PlainRecorder()
            let transport = try await loop.dial(
                recorder, to: .address(listener.localAddress), from: own)
            #expect(transport.localAddress == own)
            let peer = try listener.accept()
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(transport.localAddress == own)
            listener.close()
        }
    }

    @Test func aLocalAddressOfAnotherFamilyIsRefused() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(.unnamed)
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.dial(
                    PlainRecorder(), to: .address(listener.localAddress), from: .anyPortIPv4)
            }
            #expect(error?.code == .addressFamilyNotSupported)
            listener.close()
        }
    }

    @Test func aLocalAddressInUseIsAnError() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(.unnamed)
            let address = listener.localAddress
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.dial(PlainRecorder(), to: .address(address), from: address)
            }
            #expect(error?.code == .addressInUse)
            listener.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    // MARK: A full queue

    @Test func aFullQueueIsWaitedFor() async throws {
        try await onLoop { loop in
            let full = try FullUnixListener()
            let recorder = PlainRecorder()
            var results: [UVError?] = []
            loop.connect(to: .address(full.listener.localAddress), recorder) {
                switch $0 {
                case .success: results.append(nil)
                case .failure(let error): results.append(error.code)
                }
            }
            await turns(loop, for: .milliseconds(20))
            #expect(results == [] && recorder.events == [])
            let queued = full.queued
            let listener = full.listener
            let serving = Task {
                try await offThread {
                    for _ in 0..<queued { try listener.accept().close() }
                    let peer = try listener.accept()
                    try peer.send("welcome")
                    let answer = try peer.receive()
                    peer.close()
                    return answer
                }
            }
            try await until(loop) { recorder.byteCount == 7 }
            #expect(results == [nil])
            try recorder.transport.write("thanks")
            let answer = try await serving.value
            #expect(answer == Array("thanks".utf8))
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("welcome".utf8))
            #expect(recorder.lostError == nil && results.count == 1)
            full.close()
        }
    }

    @Test func theTimeoutEndsTheWait() async throws {
        try await onLoop { loop in
            let full = try FullUnixListener()
            let recorder = PlainRecorder()
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.connect(
                    to: .address(full.listener.localAddress), timeout: .milliseconds(30), recorder)
            }
            #expect(error?.code == .timedOut)
            #expect(recorder.events == [])
            full.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func aCancelledTaskEndsTheWait() async throws {
        try await onLoop { loop in
            let full = try FullUnixListener()
            let address = full.listener.localAddress
            let task = loop.spawn { loop in
                _ = try await loop.connect(to: .address(address), PlainRecorder())
            }
            try await until(loop) { loop.core.hasUserHandles }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            full.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func aListenerThatGoesEndsTheWait() async throws {
        try await onLoop { loop in
            let full = try FullUnixListener()
            let address = full.listener.localAddress
            let task = loop.spawn { loop in
                _ = try await loop.connect(to: .address(address), PlainRecorder())
            }
            try await until(loop) { loop.core.hasUserHandles }
            await turns(loop, for: .milliseconds(5))
            full.close()
            let error = await #expect(throws: EndpointError.self) { try await task.value }
            #expect(error?.code == .connectionRefused)
        }
    }

    @Test func cancellingTheAttemptCompletesItOnce() async throws {
        try await onLoop { loop in
            let full = try FullUnixListener()
            let listener = try RawSocket.listener(.unnamed)
            for target in [full.listener.localAddress, listener.localAddress] {
                var results: [UVError?] = []
                let recorder = PlainRecorder()
                let attempt = loop.connect(to: .address(target), recorder) {
                    switch $0 {
                    case .success: results.append(nil)
                    case .failure(let error): results.append(error.code)
                    }
                }
                // The second is connected already by then, and has not been told.
                loop.callSoon { attempt.cancel() }
                try await until(loop) { !results.isEmpty }
                attempt.cancel()
                try await until(loop) { !loop.core.hasUserHandles }
                #expect(results == [.canceled])
                #expect(recorder.events == [])
            }
            full.close()
            listener.close()
        }
    }

    @Test func aLoopThatClosesEndsTheWait() async throws {
        let results = try await offThread {
            let loop = try EventLoop()
            let full = try FullUnixListener()
            var results: [UVError?] = []
            loop.connect(to: .address(full.listener.localAddress), PlainRecorder()) {
                switch $0 {
                case .success: results.append(nil)
                case .failure(let error): results.append(error.code)
                }
            }
            for _ in 0..<3 { try loop.run(.nonBlocking) }
            try loop.close()
            full.close()
            return results
        }
        #expect(results == [.canceled])
    }
}
