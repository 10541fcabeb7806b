import CUV
import Testing

@testable import UVLoop

/// Several addresses that race, with real sockets: who wins, and what is left of the others.
@Suite(.timeLimit(.minutes(1)))
struct ConnectRaceTests {
    typealias Outcome = Result<Transport, EndpointError>

    /// Longer than any test: who is second before has not waited for it.
    private static let never = Duration.seconds(1_000)

    @Test func aRefusalIsFollowedAtOnce() async throws {
        try await onLoop { loop in
            let refusing = try RawSocket.bound(.anyPortIPv6)
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            var outcome: Outcome?
            loop.race(
                recorder, to: [refusing.localAddress, listener.localAddress], delay: Self.never
            ) { outcome = $0 }
            try await until(loop) { outcome != nil }
            let transport = try outcome!.get()
            #expect(transport.remoteAddress == listener.localAddress)
            #expect(recorder.events == [.connectionMade])
            transport.abort()
            try await until(loop) { recorder.isLost && !loop.core.hasUserHandles }
            refusing.close()
            listener.close()
        }
    }

    @Test(arguments: [
        (SocketAddress.anyPortIPv4, SocketAddress.anyPortIPv6), (.anyPortIPv6, .anyPortIPv4),
        (.anyPortIPv4, .anyPortIPv4),
    ])
    func whoDoesNotAnswerIsOvertakenAfterTheDelay(
        _ first: SocketAddress, _ second: SocketAddress
    ) async throws {
        try await onLoop { loop in
            let full = try FullListener(first)
            let listener = try RawSocket.listener(second)
            let recorder = PlainRecorder()
            var outcome: Outcome?
            let start = ContinuousClock.now
            loop.race(
                recorder, to: [full.address, listener.localAddress], delay: .milliseconds(40)
            ) { outcome = $0 }
            try await until(loop) { outcome != nil }
            #expect(ContinuousClock.now - start >= .milliseconds(40))
            let transport = try outcome!.get()
            #expect(transport.remoteAddress == listener.localAddress)
            #expect(loop.connectingCount == 0)

            // The connection is a whole one.
            let peer = try listener.accept()
            try transport.write("there")
            #expect(try peer.receive(exactly: 5) == Array("there".utf8))
            try peer.send("back")
            peer.close()
            try await until(loop) { recorder.isLost && !loop.core.hasUserHandles }
            #expect(recorder.bytes == Array("back".utf8))
            #expect(recorder.count(of: .connectionMade) == 1 && recorder.livedByTheRules)
            full.close()
            listener.close()
        }
    }

    @Test func theDelayIsNotCutShort() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            let listener = try RawSocket.listener(.anyPortIPv6)
            var outcome: Outcome?
            let attempt = loop.race(
                PlainRecorder(), to: [full.address, listener.localAddress], delay: Self.never
            ) { outcome = $0 }
            try await until(loop) { loop.connectingCount == 1 }
            await turns(loop, for: .milliseconds(30))
            #expect(loop.connectingCount == 1 && outcome == nil && !listener.isAskedFor)
            attempt.cancel()
            full.close()
            listener.close()
        }
    }

    @Test func withoutADelayNobodyIsOvertaken() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            let listener = try RawSocket.listener(.anyPortIPv6)
            var outcome: Outcome?
            loop.race(
                PlainRecorder(), to: [full.address, listener.localAddress],
                timeout: .milliseconds(60), delay: nil
            ) { outcome = $0 }
            try await until(loop) { outcome != nil }
            let error = #expect(throws: EndpointError.self) { try outcome!.get() }
            #expect(error?.code == .timedOut)
            #expect(!listener.isAskedFor)
            full.close()
            listener.close()
        }
    }

    @Test func ofTwoSlowOnesTheFirstCanWinInTheEnd() async throws {
        try await onLoop { loop in
            let first = try FullListener()
            let second = try FullListener(.anyPortIPv6)
            let recorder = PlainRecorder()
            var outcome: Outcome?
            loop.race(recorder, to: [first.address, second.address]) { outcome = $0 }
            try await until(loop) { loop.connectingCount == 2 }
            try first.makeRoom()
            try await until(loop) { outcome != nil }
            let transport = try outcome!.get()
            #expect(transport.remoteAddress == first.address)
            #expect(loop.connectingCount == 0)
            transport.abort()
            try await until(loop) { recorder.isLost && !loop.core.hasUserHandles }
            #expect(recorder.events == [.connectionMade, .connectionLost])
            first.close()
            second.close()
        }
    }

    // MARK: Failures

    @Test func allFailuresAreListedInTheOrderOfTheTries() async throws {
        try await onLoop { loop in
            // Fails last, because it is asked a second time.
            let slow = try FullListener(.anyPortIPv6)
            let slowAddress = slow.address
            let refusing = try (0..<3).map { _ in try RawSocket.bound() }
            let recorder = PlainRecorder()
            var outcome: Outcome?
            loop.race(recorder, to: [slowAddress] + refusing.map(\.localAddress)) { outcome = $0 }
            try await until(loop) { loop.connectingCount == 1 && outcome == nil }
            slow.close()
            try await until(loop) { outcome != nil }
            let error = #expect(throws: EndpointError.self) { try outcome!.get() }
            #expect(error?.operation == .connect && error?.endpoint == "several.test:80")
            #expect(error?.code == .connectionRefused)
            let tried = [slowAddress] + refusing.map(\.localAddress)
            #expect(error?.attempts.map(\.endpoint) == tried.map { "\($0)" })
            let allRefused = error?.attempts.allSatisfy { $0.code == .connectionRefused }
            #expect(allRefused == true)
            #expect(recorder.events == [])
            for socket in refusing { socket.close() }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func whatFailsAtOnceIsFollowedAtOnce() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let addresses = (0..<2_000).map { listener.localAddress.with(port: 1 + $0) }
            var outcome: Outcome?
            // An address that is not ours cannot be bound.
            loop.race(
                PlainRecorder(), to: addresses, from: try SocketAddress(ip: "192.0.2.1", port: 0),
                delay: Self.never
            ) { outcome = $0 }
            try await until(loop) { outcome != nil }
            let error = #expect(throws: EndpointError.self) { try outcome!.get() }
            #expect(error?.attempts.map(\.endpoint) == addresses.map { "\($0)" })
            #expect(error?.code == .addressNotAvailable)
            listener.close()
        }
    }

    @Test func theTimeoutCutsOffAllThatAreOnTheirWay() async throws {
        try await onLoop { loop in
            let first = try FullListener()
            let second = try FullListener(.anyPortIPv6)
            let refusing = try RawSocket.bound()
            let recorder = PlainRecorder()
            var outcome: Outcome?
            loop.race(
                recorder, to: [first.address, second.address, refusing.localAddress],
                timeout: .seconds(1)
            ) { outcome = $0 }
            try await until(loop) { outcome != nil }
            let error = #expect(throws: EndpointError.self) { try outcome!.get() }
            #expect(error?.code == .timedOut && error?.endpoint == "several.test:80")
            #expect(error?.attempts.map(\.code) == [.timedOut, .timedOut, .connectionRefused])
            #expect(recorder.events == [])
            #expect(loop.connectingCount == 0)
            first.close()
            second.close()
            refusing.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    /// The descriptor of a winner that cannot become a transport is closed.
    @Test func aWinnerThatTheLoopRefusesIsClosed() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            let error: EndpointError? = await withCheckedContinuation { continuation in
                loop.race(recorder, to: [listener.localAddress]) {
                    loop.core.acceptsHandles = true
                    if case .failure(let error) = $0 { continuation.resume(returning: error) }
                }
                // After the attempt has begun, before the loop looks at its socket.
                loop.callSoon { loop.core.acceptsHandles = false }
            }
            #expect(error?.code == .canceled)
            #expect(error?.endpoint == "\(listener.localAddress)")
            #expect(recorder.events == [])
            let peer = try listener.accept()
            #expect(try peer.receive().isEmpty)
            peer.close()
            listener.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    // MARK: Options

    @Test func theLocalAddressIsTakenAndOtherFamiliesAreSkipped() async throws {
        try await onLoop { loop in
            let ipv6 = try RawSocket.listener(.anyPortIPv6)
            let ipv4 = try RawSocket.listener()
            let refusing = try RawSocket.bound()
            let local = try SocketAddress(ip: "127.0.0.2", port: 0)
            let recorder = PlainRecorder()
            var outcome: Outcome?
            loop.race(
                recorder, to: [ipv6, refusing, ipv4].map(\.localAddress), from: local
            ) { outcome = $0 }
            try await until(loop) { outcome != nil }
            let transport = try outcome!.get()
            #expect(transport.remoteAddress == ipv4.localAddress)
            #expect(transport.localAddress?.host == "127.0.0.2")
            transport.abort()

            outcome = nil
            loop.race(PlainRecorder(), to: [ipv6, refusing].map(\.localAddress), from: local) {
                outcome = $0
            }
            try await until(loop) { outcome != nil }
            let error = #expect(throws: EndpointError.self) { try outcome!.get() }
            #expect(error?.endpoint == "\(refusing.localAddress)" && error?.attempts == [])
            #expect(!ipv6.isAskedFor)
            for socket in [ipv6, ipv4, refusing] { socket.close() }
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: [true, false])
    func smallWritesAreDelayedOnlyOnDemand(_ noDelay: Bool) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            var options = ConnectOptions()
            #expect(options.noDelay && options.attemptDelay == .milliseconds(250))
            options.noDelay = noDelay
            let transport = try await loop.connect(
                to: .address(listener.localAddress), options: options, recorder)
            let value = try transport.socketOption(level: Int(IPPROTO_TCP), name: Int(TCP_NODELAY))
            #expect((value != 0) == noDelay)
            transport.abort()
            try await until(loop) { recorder.isLost }
            listener.close()
        }
    }

    // MARK: Nothing is left

    /// In a process of its own: descriptors are counted.
    @Test func losersLeaveNoDescriptor() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let full = [try FullListener(), try FullListener(.anyPortIPv6)]
                let listener = try RawSocket.listener()
                let refusing = try RawSocket.bound()
                let slow = [refusing.localAddress] + full.map(\.address)
                for round in 0..<20 {
                    let before = openDescriptorCount()
                    let recorder = PlainRecorder()
                    var atBeginning = 0
                    recorder.hooks[.connectionMade] = { _ in atBeginning = openDescriptorCount() }
                    loop.race(recorder, to: slow + [listener.localAddress]) {
                        try $0.get().abort()
                    }
                    try await until(loop) { recorder.isLost }
                    try listener.accept().close()
                    // With its first stream libuv opens a descriptor for the whole loop.
                    guard round > 0 else { continue }
                    // Only the winner's is left when the protocol hears of it.
                    #expect(atBeginning == before + 1)
                    #expect(openDescriptorCount() <= before)
                }
            }
        }
    }

    @Test func anAttemptThatHasEndedHoldsNobody() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            let listener = try RawSocket.listener()
            let refusing = try RawSocket.bound()
            let races: [[SocketAddress]] = [
                [full.address, listener.localAddress], [refusing.localAddress],
                [full.address, refusing.localAddress],
            ]
            for addresses in races {
                var recorder: PlainRecorder? = PlainRecorder()
                weak let protocolGhost = recorder
                var hasEnded = false
                var attempt: ConnectAttempt? = loop.race(
                    recorder!, to: addresses, timeout: .milliseconds(200)
                ) {
                    hasEnded = true
                    if case .success(let transport) = $0 { transport.abort() }
                }
                weak let attemptGhost = attempt
                recorder = nil
                try await until(loop) { hasEnded }
                try await until(loop) { protocolGhost == nil }
                #expect(attempt != nil)
                attempt = nil
                try await until(loop) { attemptGhost == nil }
            }
            full.close()
            listener.close()
            refusing.close()
        }
    }
}
