import Testing

@testable import UVLoop

/// How a server ends: alone, with its clients, in order, and with clients that do not go.
@Suite(.timeLimit(.minutes(1)))
struct ServerEndingTests {
    /// A server with so many connected clients.
    private func crowd(
        _ loop: isolated EventLoop, _ count: Int, _ hook: @escaping (Recorder) -> Void = { _ in }
    ) async throws -> (server: TCPServer, recorders: [Recorder], peers: [RawSocket]) {
        final class List { var recorders: [Recorder] = [] }
        let list = List()
        let server = try loop.serve {
            let recorder = PlainRecorder()
            hook(recorder)
            list.recorders.append(recorder)
            return recorder
        }
        let peers = try (0..<count).map { _ in try RawSocket.connect(to: server.addresses[0]) }
        try await until(loop) { list.recorders.count { $0.isMade } == count }
        for recorder in list.recorders { recorder.liveTransport?.closeTimeout = .seconds(50) }
        return (server, list.recorders, peers)
    }

    @Test func waitClosedReturnsWhenTheLastConnectionIsGone() async throws {
        try await onLoop { loop in
            let (server, recorders, peers) = try await crowd(loop, 2)
            server.close()
            peers[0].close()
            try await until(loop) { recorders.contains { $0.isLost } }
            #expect(server.connectionCount == 1)
            _ = loop.callLater(.milliseconds(5)) { peers[1].close() }
            try await server.waitClosed()
            #expect(server.connectionCount == 0)
            #expect(recorders.allSatisfy { $0.livedByTheRules })
        }
    }

    @Test func closeFreesThePortAtOnce() async throws {
        try await onLoop { loop in
            var isFree = false
            // Now and then a port that is free is another test's at once, but not each time.
            for _ in 0..<10 where !isFree {
                let server = try loop.serve(on: .anyPortIPv4) { PlainRecorder() }
                server.close()
                do {
                    try loop.serve(on: server.addresses[0]) { PlainRecorder() }.close()
                    isFree = true
                } catch let error as EndpointError where error.code == .addressInUse {}
            }
            #expect(isFree)
        }
    }

    @Test func closeLeavesTheClients() async throws {
        try await onLoop { loop in
            let (server, recorders, peers) = try await crowd(loop, 3)
            server.close()
            server.close()
            #expect(!server.isListening)
            #expect(server.connectionCount == 3)
            try peers[0].send("still here")
            try await until(loop) { recorders.contains { $0.byteCount == 10 } }
            for peer in peers { peer.close() }
            try await server.waitClosed()
        }
    }

    @Test func waitClosedReturnsAtOnceAfterTheEnd() async throws {
        try await onLoop { loop in
            let (server, _, _) = try await crowd(loop, 0)
            server.close()
            try await server.waitClosed()
            try await server.waitClosed()
        }
    }

    @Test func waitClosedOfACancelledTaskThrowsAndTheServerGoesOn() async throws {
        try await onLoop { loop in
            let (server, recorders, _) = try await crowd(loop, 0)
            #expect(recorders.isEmpty)
            // Sound: the tasks run on the loop, too.
            nonisolated(unsafe) let shared = server
            let waiting = loop.spawn { _ in try await shared.waitClosed() }
            await turns(loop, for: .milliseconds(2))
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(server.isListening)
            let cancelledBefore = loop.spawn { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                try await shared.waitClosed()
            }
            await #expect(throws: CancellationError.self) { try await cancelledBefore.value }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try await until(loop) { server.connectionCount == 1 }
            peer.close()
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func closeClientsIsGraceful() async throws {
        try await onLoop { loop in
            let (server, recorders, peers) = try await crowd(loop, 3) { recorder in
                recorder.hooks[.connectionMade] = { try $0.transport.write("goodbye") }
            }
            server.closeClients()
            #expect(server.isListening)
            for peer in peers {
                let last = try await offThread { try peer.receiveToEnd() }
                #expect(last == Array("goodbye".utf8))
                peer.close()
            }
            try await until(loop) { server.connectionCount == 0 }
            #expect(recorders.allSatisfy { $0.livedByTheRules && $0.lostError == nil })
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func abortClientsWaitsForNobody() async throws {
        try await onLoop { loop in
            let (server, recorders, peers) = try await crowd(loop, 3)
            server.abortClients()
            server.close()
            try await server.waitClosed()
            #expect(recorders.allSatisfy { $0.livedByTheRules && $0.lostError == nil })
            for peer in peers { peer.close() }
        }
    }

    @Test func shutdownDoesAllInOrder() async throws {
        try await onLoop { loop in
            let (server, recorders, peers) = try await crowd(loop, 3) { recorder in
                recorder.hooks[.connectionMade] = { try $0.transport.write("bye") }
            }
            let ended = peers.map { peer in
                Task {
                    try await offThread {
                        let bytes = try peer.receiveToEnd()
                        peer.close()
                        return bytes
                    }
                }
            }
            try await server.shutdown(grace: .seconds(50))
            for task in ended {
                let bytes = try await task.value
                #expect(bytes == Array("bye".utf8))
            }
            #expect(recorders.allSatisfy { $0.livedByTheRules && $0.lostError == nil })
            #expect(!server.isListening)
            #expect(server.connectionCount == 0)
        }
    }

    @Test func shutdownAbortsWhoeverIsLeftAfterTheGrace() async throws {
        try await onLoop { loop in
            // The peer neither reads nor closes, and the queue never empties.
            let (server, recorders, peers) = try await crowd(loop, 1) { recorder in
                recorder.hooks[.connectionMade] = { recorder in
                    try recorder.transport.write([UInt8](repeating: 0, count: 30_000_000))
                }
            }
            let start = ContinuousClock.now
            try await server.shutdown(grace: .milliseconds(50))
            #expect(ContinuousClock.now - start >= .milliseconds(50))
            #expect(recorders.allSatisfy { $0.livedByTheRules && $0.lostError == nil })
            for peer in peers { peer.close() }
        }
    }

    @Test func cancelledShutdownAbortsAtOnce() async throws {
        try await onLoop { loop in
            let (server, recorders, peers) = try await crowd(loop, 2)
            // Sound: the task runs on the loop, too.
            nonisolated(unsafe) let shared = server
            let ending = loop.spawn { _ in try await shared.shutdown(grace: .seconds(3_000)) }
            await turns(loop, for: .milliseconds(2))
            ending.cancel()
            await #expect(throws: CancellationError.self) { try await ending.value }
            try await until(loop) { recorders.allSatisfy(\.isLost) }
            try await server.waitClosed()
            for peer in peers { peer.close() }
        }
    }

    @Test func closeInsideTheFactoryServesThatClientStill() async throws {
        try await onLoop { loop in
            final class Holder { var server: TCPServer? }
            let holder = Holder()
            let recorder = PlainRecorder()
            let server = try loop.serve {
                holder.server?.close()
                return recorder
            }
            holder.server = server
            let peer = try RawSocket.connect(to: server.addresses[0])
            try peer.send("x")
            peer.close()
            // The connection that is being made counts. A task of the loop goes on at once.
            // Sound: it runs on the loop's thread, as this does.
            nonisolated(unsafe) let (shared, sharedRecorder) = (server, recorder)
            let ending = loop.spawn { _ in
                try await shared.waitClosed()
                return sharedRecorder.isLost
            }
            #expect(try await ending.value)
            #expect(recorder.bytes == [UInt8(ascii: "x")])
            #expect(recorder.livedByTheRules)
            holder.server = nil
        }
    }

    @Test func theLoopKeepsAServerThatNobodyRefersTo() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            func listen() throws -> SocketAddress { try loop.serve { recorder }.addresses[0] }
            let address = try listen()
            await turns(loop, for: .milliseconds(5))
            let peer = try RawSocket.connect(to: address)
            try peer.send("hi")
            try await until(loop) { recorder.byteCount == 2 }
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func aClosedServerIsGivenBackWithItsLastConnection() async throws {
        try await onLoop { loop in
            var server: TCPServer? = try loop.serve { PlainRecorder() }
            weak let ghost = server
            let peer = try RawSocket.connect(to: server!.addresses[0])
            try await until(loop) { ghost?.connectionCount == 1 }
            server?.close()
            server = nil
            #expect(ghost != nil)
            peer.close()
            try await until(loop) { ghost == nil }
        }
    }

    @Test func waitersEndWithTheLoop() async throws {
        let thread = try EventLoopThread(name: "test")
        let loop = thread.loop
        let waiting = Task {
            try await loop.perform { loop in
                let server = try loop.serve { PlainRecorder() }
                try await server.waitClosed()
            }
        }
        try await loop.perform { loop in
            try await until(loop) { loop.core.hasUserHandles }
        }
        await thread.shutdown()
        _ = await waiting.result
    }
}
