import CUV
import Testing

@testable import UVLoop

/// What goes wrong with one client, or with the system, and does not end a server.
@Suite(.timeLimit(.minutes(1)))
struct ServerFaultTests {
    @Test func aFactoryThatThrowsCostsOnlyThatClient() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            var calls = 0
            let server = try loop.listen(onAddresses: .anyPortIPv4) { () throws -> EchoProtocol in
                calls += 1
                if calls < 4 { throw Mishap("factory \(calls)") }
                return EchoProtocol()
            }
            for _ in 0..<3 {
                let refused = try RawSocket.connect(to: server.addresses[0])
                let bytes = try await offThread { try refused.receiveToEnd() }
                #expect(bytes == [])
                refused.close()
            }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try peer.send("hi")
            let bytes = try await offThread { try peer.receive(exactly: 2) }
            #expect(bytes == Array("hi".utf8))
            #expect(reports.sources == [.serverFactory, .serverFactory, .serverFactory])
            #expect(reports.contexts[2].error as? Mishap == Mishap("factory 3"))
            #expect(server.connectionCount == 1)
            peer.close()
            server.close()
            try await server.waitClosed()
        }
    }

    @Test(arguments: ProtocolKind.allCases)
    func connectionMadeThatThrowsCostsOnlyThatClient(_ kind: ProtocolKind) async throws {
        try await onLoop { loop in
            var recorders: [Recorder] = []
            let server = try loop.serve(kind) {
                let recorder = kind.newRecorder()
                if recorders.isEmpty {
                    recorder.hooks[.connectionMade] = { _ in throw Mishap("made") }
                }
                recorders.append(recorder)
                return recorder
            }
            let first = try RawSocket.connect(to: server.addresses[0])
            try await until(loop) { recorders.first?.isLost == true }
            #expect(recorders[0].lostError as? Mishap == Mishap("made"))
            let second = try RawSocket.connect(to: server.addresses[0])
            try second.send("x")
            try await until(loop) { recorders.last?.byteCount == 1 }
            first.close()
            second.close()
            server.close()
            try await server.waitClosed()
            #expect(recorders.count == 2 && recorders.allSatisfy { $0.livedByTheRules })
        }
    }

    @Test func clientsThatGoBeforeTheyAreAcceptedDoNoHarm() async throws {
        try await onLoop { loop in
            let server = try loop.serve { PlainRecorder() }
            for _ in 0..<20 { try RawSocket.connect(to: server.addresses[0]).reset() }
            for _ in 0..<20 { try RawSocket.connect(to: server.addresses[0]).close() }
            let recorder = PlainRecorder()
            let transport = try await loop.dial(recorder, to: .address(server.addresses[0]))
            transport.close()
            server.close()
            try await server.waitClosed()
            #expect(server.connectionCount == 0)
        }
    }

    /// They come in groups that the backlog can hold. Of more, the system forgets some that it has
    /// answered, and resets them when they send.
    @Test func aThousandClientsAtOnce() async throws {
        try await onLoop { loop in
            let server = try loop.listen(onAddresses: .anyPortIPv4) { EchoProtocol() }
            var recorders: [Recorder] = []
            var attempts = 0
            var failures: [EndpointError] = []
            for group in 0..<4 {
                for number in group * 250..<(group + 1) * 250 {
                    let recorder = PlainRecorder()
                    recorders.append(recorder)
                    recorder.hooks[.connectionMade] = { try $0.transport.write("client \(number)") }
                    loop.connect(to: .address(server.addresses[0]), recorder) { result in
                        attempts += 1
                        if case .failure(let error) = result { failures.append(error) }
                    }
                }
                try await until(loop) {
                    attempts == recorders.count
                        && (!failures.isEmpty || server.connectionCount == recorders.count)
                }
            }
            #expect(failures == [])
            try await until(loop) {
                recorders.contains(where: \.isLost)
                    || recorders.enumerated().allSatisfy {
                        $1.byteCount == "client \($0)".utf8.count
                    }
            }
            #expect(recorders.compactMap(\.uvError) == [])
            let isRight = recorders.enumerated().allSatisfy {
                $1.bytes == Array("client \($0)".utf8)
            }
            #expect(isRight)
            #expect(server.connectionCount == 1_000)
            for recorder in recorders { recorder.liveTransport?.close() }
            server.close()
            try await server.waitClosed()
            try await until(loop) { recorders.allSatisfy { $0.isLost } }
            #expect(recorders.allSatisfy { $0.livedByTheRules && $0.lostError == nil })
        }
    }

    /// In a process of its own: it runs out of descriptors.
    @Test func outOfDescriptorsIsReportedAndRecoveredFrom() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let reports = Reports(loop)
                let server = try loop.listen(onAddresses: .anyPortIPv4) { EchoProtocol() }
                let peers = try (0..<4).map { _ in
                    try RawSocket.connect(to: server.addresses[0])
                }
                // Before the loop accepts anybody.
                var shortage = DescriptorShortage()
                try await until(loop) {
                    shortage.takeAll()
                    return reports.count(of: .server) >= 1
                }
                // Through the next tries it says nothing new.
                await turns(loop, for: .milliseconds(350))
                #expect(reports.count(of: .server) == 1 || server.connectionCount > 0)
                #expect(server.connectionCount < 4)
                #expect(server.isListening)
                let areAboutIt = reports.contexts.allSatisfy {
                    $0.error as? UVError == .tooManyOpenFiles
                }
                #expect(areAboutIt)
                let again = #expect(throws: EndpointError.self) {
                    shortage.takeAll()
                    _ = try loop.serve { PlainRecorder() }
                }
                #expect(again?.code == .tooManyOpenFiles)
                shortage.takeAll()
                var refusal: UVError?
                loop.connect(to: .address(server.addresses[0]), PlainRecorder()) {
                    if case .failure(let error) = $0 { refusal = error.code }
                }
                try await until(loop) { refusal != nil }
                #expect(refusal == .tooManyOpenFiles)
                shortage.end()

                // Those who waited are served.
                for peer in peers {
                    try peer.send("still here")
                    let bytes = try await offThread { try peer.receive(exactly: 10) }
                    #expect(bytes == Array("still here".utf8))
                    peer.close()
                }
                server.close()
                try await server.waitClosed()
            }
        }
    }

    /// A transport that the loop refuses gives back what it was made with; the socket is still the
    /// caller's.
    @Test func aRefusedTransportKeepsNothing() async throws {
        try await offThread {
            let loop = try EventLoop()
            var recorder: PlainRecorder? = PlainRecorder()
            weak let ghost = recorder
            let listener = try RawSocket.listener()
            let socket = try RawSocket.connect(to: listener.localAddress)
            let peer = try listener.accept()
            loop.core.acceptsHandles = false
            #expect(throws: UVError.canceled) {
                _ = try Transport(
                    loop, adopting: socket.descriptor, ProtocolReference(recorder!), peer: nil,
                    madeAt: SourcePlace(file: #fileID, line: #line))
            }
            recorder = nil
            #expect(ghost == nil)
            try socket.send("still open")
            #expect(try peer.receive() == Array("still open".utf8))
            socket.close()
            peer.close()
            listener.close()
            try loop.close()
        }
    }

    /// In a process of its own: what is closed by mistake is nobody else's.
    @Test func aSocketThatLibuvRefusesIsTheCallersAndTheProtocolHearsNothing() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                var recorder: PlainRecorder? = PlainRecorder()
                weak let ghost = recorder
                // libuv takes no descriptor twice.
                let listener = try RawSocket.listener()
                let socket = try RawSocket.connect(to: listener.localAddress)
                let peer = try listener.accept()
                let poll = try makePoll(loop.core.uv, owning: socket.descriptor)
                uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { _, _, _ in }
                #expect(throws: UVError.fileExists) {
                    _ = try Transport(
                        loop, adopting: socket.descriptor, ProtocolReference(recorder!), peer: nil,
                        madeAt: SourcePlace(file: #fileID, line: #line))
                }
                #expect(recorder?.events == [])
                recorder = nil
                #expect(ghost == nil)
                try socket.send("still open")
                #expect(try peer.receive() == Array("still open".utf8))
                closeAndFree(uvHandle(poll))
                try await until(loop) { !loop.core.hasUserHandles }
            }
        }
    }
}
