import Testing

@testable import UVLoop

/// How many connections there may be, and what happens when there can be no more.
@Suite(.timeLimit(.minutes(1)))
struct ListenerLimitTests {
    @Test(arguments: [1, 3, 20])
    func neverMoreThanTheBound(_ bound: Int) async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.maxConnections = bound
            let listener = try await loop.listen(on: .address(.anyPortIPv4), options: options)
            let most = Maximum()
            let serving = Task {
                try await listener.serve { stream in
                    most.enter()
                    most.note(await listener.connectionCount)
                    for try await chunk in stream { try await stream.send(chunk) }
                    most.leave()
                }
            }
            let target = Endpoint.address(listener.addresses[0])
            try await withThrowingTaskGroup { group in
                for number in 0..<60 {
                    group.addTask {
                        try await loop.withConnection(to: target) { stream in
                            try await stream.send("\(number)\n")
                            let line = try await stream.receiveLine()
                            #expect(line == "\(number)")
                            if number % 3 == 0 { await Task.yield() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(most.value <= bound)
            try await listener.shutdown(grace: .seconds(50))
            try await serving.value
        }
    }

    /// Each client waits by itself: nobody says in which order the system lets them in.
    @Test(arguments: ProtocolKind.allCases)
    func alsoForTheServerOfCallbacks(_ kind: ProtocolKind) async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.maxConnections = 2
            let most = Maximum()
            let server = try loop.serve(kind, options) {
                let recorder = kind.newRecorder()
                recorder.hooks = [
                    .connectionMade: { _ in most.enter() },
                    .received: { try $0.transport.write($0.bytes) },
                    .connectionLost: { _ in most.leave() },
                ]
                return recorder
            }
            let peers = try (0..<8).map { _ in try RawSocket.connect(to: server.addresses[0]) }
            try await withThrowingTaskGroup { group in
                for (number, peer) in peers.enumerated() {
                    group.addTask {
                        try peer.send("\(number)")
                        let bytes = try await offThread { try peer.receive(exactly: 1) }
                        #expect(bytes == Array("\(number)".utf8))
                        peer.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(most.value <= 2)
            try await until(loop) { server.connectionCount == 0 }
            server.close()
        }
    }

    /// With several addresses, of which each has a backlog of its own, there is one bound.
    @Test func theBoundIsForAllAddressesTogether() async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.maxConnections = 1
            let listener = try await loop.listen(
                on: .ip("127.0.0.1", port: 0), .ip("127.0.0.2", port: 0), options: options)
            let most = Maximum()
            let serving = Task {
                try await listener.serve { stream in
                    most.enter()
                    for try await chunk in stream { try await stream.send(chunk) }
                    most.leave()
                }
            }
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    let target = Endpoint.address(listener.addresses[number % 2])
                    group.addTask {
                        try await loop.withConnection(to: target) { stream in
                            try await stream.send("\(number)\n")
                            #expect(try await stream.receiveLine() == "\(number)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(most.value == 1)
            try await listener.shutdown(grace: .seconds(50))
            try await serving.value
        }
    }

    @Test func abortedConnectionsMakeRoom() async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.maxConnections = 1
            let listener = try await loop.listen(on: .address(.anyPortIPv4), options: options)
            for round in 0..<20 {
                let peer = try RawSocket.connect(to: listener.addresses[0])
                try peer.send("\(round)\n")
                let stream = try await listener.accept()!
                #expect(try await stream.receiveLine() == "\(round)")
                if round % 2 == 0 { stream.abort() } else { peer.reset() }
                if round % 2 == 0 { peer.close() }
            }
        }
    }

    @Test func aBoundBelowOneIsRefused() async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            for bad in [0, -1] {
                options.maxConnections = bad
                let error = await failure {
                    try await loop.listen(on: .address(.anyPortIPv4), options: options)
                }
                #expect((error as? EndpointError)?.code == .invalidArgument)
            }
        }
    }

    /// In a process of its own: it runs out of descriptors.
    @Test func outOfDescriptorsIsReportedAndRecoveredFrom() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let reports = Reports(loop)
                let listener = try await loop.listen(on: .address(.anyPortIPv4))
                let serving = loop.spawn { _ in
                    try await listener.serve { stream in
                        for try await chunk in stream { try await stream.send(chunk) }
                    }
                }
                try await until(loop) { listener.queue.isTaking }
                let peers = try (0..<4).map { _ in
                    try RawSocket.connect(to: listener.addresses[0])
                }
                var shortage = DescriptorShortage()
                try await until(loop) {
                    shortage.takeAll()
                    return reports.count(of: .server) >= 1
                }
                let isAboutIt = reports.contexts.allSatisfy {
                    $0.error as? UVError == .tooManyOpenFiles
                }
                precondition(isAboutIt && listener.server.isListening)
                shortage.end()
                for peer in peers {
                    try peer.send("still here")
                    let bytes = try await offThread { try peer.receive(exactly: 10) }
                    precondition(bytes == Array("still here".utf8))
                    peer.close()
                }
                try await listener.shutdown(grace: .seconds(50))
                try await serving.value
            }
        }
    }
}

/// The most that there ever were at a time.
private final class Maximum: Sendable {
    private let state = Mutexed<(now: Int, most: Int)>((0, 0))

    func enter() {
        state.update { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    }
    func leave() { state.update { $0.now -= 1 } }
    func note(_ count: Int) { state.update { $0.most = max($0.most, count) } }
    var value: Int { state.value!.most }
}
