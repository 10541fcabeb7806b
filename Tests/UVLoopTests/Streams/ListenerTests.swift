import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(1)))
struct ListenerTests {
    @Test func connectionsOneAfterTheOther() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            #expect(listener.port == listener.addresses[0].port && listener.port > 0)
            let taking = Task.detached {
                var texts: [String] = []
                for try await stream in listener {
                    texts.append(try await stream.receiveLine() ?? "-")
                    try await stream.close(timeout: .zero)
                    if texts.count == 10 { await listener.close() }
                }
                return texts
            }
            for number in 0..<10 {
                try await loop.withConnection(to: .address(listener.addresses[0])) { stream in
                    try await stream.send("\(number)\n")
                    _ = try? await stream.receive()
                    stream.abort()
                }
            }
            #expect(try await taking.value == (0..<10).map { "\($0)" })
        }
    }

    /// More clients than are accepted ahead wait in the system's backlog and are served later.
    @Test func manyClientsWaitForSomebodyToTakeThem() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let peers = try (0..<50).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
            for (number, peer) in peers.enumerated() { try peer.send("\(number)\n") }
            await turns(loop, for: .milliseconds(5))
            #expect(await listener.connectionCount == 16)
            var lines: Set<String> = []
            var streams: [SocketStream] = []
            for _ in 0..<50 {
                let stream = try await listener.accept()!
                lines.insert(try await stream.receiveLine() ?? "-")
                streams.append(stream)
            }
            #expect(lines.count == 50)
            #expect(await listener.connectionCount == 50)
            for peer in peers { peer.close() }
        }
    }

    @Test(arguments: Caller.allCases)
    func closeEndsAnAcceptThatWaits(_ caller: Caller) async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let accepting = loop.spawn { loop in
                try await caller.run(loop) { try await listener.accept() == nil }
            }
            try await until(loop) { listener.queue.isTaking }
            // A second one is told.
            await expect(.busy) { try await listener.accept() }
            await expect(.busy) { try await listener.serve { _ in } }
            try await caller.run(loop) { await listener.close() }
            #expect(try await accepting.value)
            for _ in 0..<2 {
                #expect(try await listener.accept() == nil)
                await listener.close()
            }
        }
    }

    @Test(arguments: Caller.allCases)
    func aCancelledAcceptLosesNoConnection(_ caller: Caller) async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let canceller = Canceller()
            let accepting = loop.spawn { loop in
                try await caller.run(loop) {
                    canceller.takeCurrentTask()
                    return try await listener.accept() == nil
                }
            }
            try await until(loop) { listener.queue.isTaking }
            let peer = try RawSocket.connect(to: listener.addresses[0])
            canceller.cancel()
            var taken = 0
            do {
                if try await !accepting.value { taken += 1 }
            } catch {
                #expect(error is CancellationError)
                let stream = try await listener.accept()
                if stream != nil { taken += 1 }
            }
            #expect(taken == 1)
            await expectCancelled {
                try await caller.run(loop) {
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await listener.accept()
                }
            }
            peer.close()
        }
    }

    @Test func aListenerThatNobodyRefersToFreesItsPort() async throws {
        for way in [Caller.loop, .global] {
            try await onLoop { loop in
                let address = try await way.run(loop) {
                    let listener = try await loop.listen(on: .address(.anyPortIPv4))
                    return listener.addresses[0]
                }
                try await until(loop) {
                    (try? RawSocket.bound(address).close()) != nil
                }
            }
        }
    }

    @Test func connectionsThatNobodyTookAreAborted() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let peers = try (0..<3).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
            try await until(loop) { listener.server.connectionCount == 3 }
            await listener.close()
            for peer in peers {
                #expect(try await offThread { try peer.receiveToEnd() } == [])
                peer.close()
            }
            try await until(loop) { listener.server.connectionCount == 0 }
        }
    }

    @Test func severalAddresses() async throws {
        try await onLoop { loop in
            let addresses = try await echoOnBothFamilies(loop)
            #expect(Set(addresses.map(\.port)).count == 1)
            #expect(addresses.count == 2)
        }
    }

    @Test func portsAreFreeAfterTheShutdown() async throws {
        try await onLoop { loop in
            // A stranger may get a port before it is bound again here, but not each time.
            for _ in 0..<20 {
                let addresses = try await echoOnBothFamilies(loop)
                if addresses.allSatisfy({ (try? RawSocket.bound($0).close()) != nil }) { return }
            }
            Issue.record("never free")
        }
    }

    /// Serves a connection on each of two addresses, shuts down, and returns the addresses.
    private func echoOnBothFamilies(_ loop: isolated EventLoop) async throws -> [SocketAddress] {
        let listener = try await loop.listen(
            on: .address(.anyPortIPv4), .address(.anyPortIPv6))
        let serving = Task {
            try await listener.serve { stream in
                for try await chunk in stream { try await stream.send(chunk) }
            }
        }
        for address in listener.addresses {
            try await loop.withConnection(to: .address(address)) { stream in
                try await stream.send("hello")
                let answer = try await stream.receive(exactly: 5)
                #expect(answer == Array("hello".utf8))
            }
        }
        try await listener.shutdown(grace: .seconds(50))
        try await serving.value
        return listener.addresses
    }

    @Test func errorsOfHandlersEndNothingElse() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let serving = Task {
                try await listener.serve { stream in
                    let line = try await stream.receiveLine()
                    if line == "fail" { throw Mishap("handler") }
                    if line == "cancel" { throw CancellationError() }
                    try await stream.send("served")
                }
            }
            func ask(_ line: String) async throws -> String? {
                try await loop.withConnection(to: .address(listener.addresses[0])) { stream in
                    try await stream.send(line + "\n")
                    return try await stream.receiveLine()
                }
            }
            for _ in 0..<3 {
                #expect(try await ask("fail") == nil)
                #expect(try await ask("serve") == "served")
            }
            #expect(reports.sources == [.streamHandler, .streamHandler, .streamHandler])
            #expect(reports.contexts.allSatisfy { $0.error as? Mishap == Mishap("handler") })
            // Thrown by a handler that nobody has cancelled it is an error as any other.
            #expect(try await ask("cancel") == nil)
            #expect(reports.count(of: .streamHandler) == 4)
            await listener.close()
            try await serving.value
        }
    }

    @Test func aServeThatIsOverClosesTheListener() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let serving = Task { try await listener.serve { _ in } }
            try await until(loop) { listener.queue.isTaking }
            serving.cancel()
            await expectCancelled { try await serving.value }
            #expect(!listener.server.isListening)
            #expect(try await listener.accept() == nil)
            try await listener.serve { _ in }
        }
    }

    @Test func aCancelledTaskDoesNotServe() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let peer = try RawSocket.connect(to: listener.addresses[0])
            try await until(loop) { listener.server.connectionCount == 1 }
            let serving = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await listener.serve { _ in Issue.record("served") }
            }
            await expectCancelled { try await serving.value }
            peer.close()
        }
    }
}
