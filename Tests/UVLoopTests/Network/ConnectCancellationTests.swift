import CUV
import Testing

@testable import UVLoop

/// Connects that end before they succeed.
@Suite(.timeLimit(.minutes(1)))
struct ConnectCancellationTests {
    @Test func theTimeoutEndsTheAttempt() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            let recorder = PlainRecorder()
            let start = ContinuousClock.now
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.connect(
                    to: .address(full.address), timeout: .milliseconds(30), recorder)
            }
            #expect(error?.code == .timedOut)
            #expect(error?.endpoint == full.address.description)
            #expect(ContinuousClock.now - start >= .milliseconds(30))
            #expect(recorder.events == [])
            full.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func aTimeoutThatIsNotNeededDoesNothing() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            let transport = try await loop.connect(
                to: .address(listener.localAddress), timeout: .milliseconds(300), recorder)
            await turns(loop, for: .milliseconds(320))
            #expect(!transport.isClosed)
            transport.abort()
            listener.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func cancellingTheTaskLeavesNothingBehind() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            let address = full.address
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

    @Test func aTaskCancelledBeforeNeverConnects() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let address = listener.localAddress
            let task = loop.spawn { loop in
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await loop.connect(to: .address(address), PlainRecorder())
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            try await until(loop) { !loop.core.hasUserHandles }
            listener.close()
        }
    }

    @Test func cancellingTheAttemptCompletesItOnce() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            var results: [UVError?] = []
            let recorder = PlainRecorder()
            let attempt = loop.connect(to: .address(full.address), recorder) {
                switch $0 {
                case .success: results.append(nil)
                case .failure(let error): results.append(error.code)
                }
            }
            try await until(loop) { loop.core.hasUserHandles }
            attempt.cancel()
            attempt.cancel()
            #expect(results == [.canceled])
            full.close()
            try await until(loop) { !loop.core.hasUserHandles }
            #expect(results.count == 1)
            #expect(recorder.events == [])
        }
    }

    /// How far an attempt has come.
    enum Stage: CaseIterable {
        case beforeItBegins, lookingUp, oneOnItsWay, severalOnTheirWay, afterAFailure
    }

    @Test(arguments: Stage.allCases)
    func cancellingAtAnyStageLeavesNothing(_ stage: Stage) async throws {
        try await onLoop { loop in
            let full = [try FullListener(), try FullListener(.anyPortIPv6)]
            let refusing = try RawSocket.bound()
            var results: [UVError?] = []
            let recorder = PlainRecorder()
            let completion: ConnectAttempt.Completion = {
                if case .failure(let error) = $0 { results.append(error.code) }
            }
            let attempt: ConnectAttempt
            switch stage {
            case .beforeItBegins:
                attempt = loop.race(recorder, to: full.map(\.address), completion: completion)
            case .lookingUp:
                attempt = loop.connect(
                    to: .host("localhost", port: refusing.port), recorder, completion: completion)
                // The look-up has begun, and may or may not have reached a thread.
                await withCheckedContinuation { continuation in
                    loop.callSoon {
                        attempt.cancel()
                        continuation.resume()
                    }
                }
            case .oneOnItsWay:
                attempt = loop.race(
                    recorder, to: full.map(\.address), delay: nil, completion: completion)
                try await until(loop) { loop.connectingCount == 1 }
            case .severalOnTheirWay:
                attempt = loop.race(recorder, to: full.map(\.address), completion: completion)
                try await until(loop) { loop.connectingCount == 2 }
            case .afterAFailure:
                let addresses = [refusing.localAddress] + full.map(\.address)
                attempt = loop.race(recorder, to: addresses, completion: completion)
                try await until(loop) { loop.connectingCount == 2 }
            }
            attempt.cancel()
            #expect(results == [.canceled])
            #expect(loop.connectingCount == 0)
            attempt.cancel()
            // Longer than the delay of the next attempt would be.
            await turns(loop, for: .milliseconds(30))
            try await until(loop) { !loop.core.hasUserHandles }
            #expect(results == [.canceled])
            #expect(recorder.events == [])
            for listener in full { listener.close() }
            refusing.close()
        }
    }

    @Test func cancellingInConnectionMadeEndsTheConnection() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            var attempt: ConnectAttempt?
            var results: [UVError?] = []
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { recorder in
                attempt?.cancel()
                #expect(results == [.canceled])
                #expect(recorder.transport.isClosed)
            }
            attempt = loop.connect(to: .address(listener.localAddress), recorder) {
                switch $0 {
                case .success: results.append(nil)
                case .failure(let error): results.append(error.code)
                }
            }
            try await until(loop) { recorder.isLost }
            #expect(recorder.events == [.connectionMade, .connectionLost])
            #expect(recorder.lostError == nil)
            #expect(results == [.canceled])
            let peer = try listener.accept()
            #expect(try peer.receive().isEmpty)
            peer.close()
            listener.close()
        }
    }

    @Test func cancellingInTheCompletionAndLaterDoesNothing() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            var attempt: ConnectAttempt?
            var results = 0
            let recorder = PlainRecorder()
            attempt = loop.connect(to: .address(listener.localAddress), recorder) { _ in
                results += 1
                attempt?.cancel()
            }
            try await until(loop) { results == 1 }
            attempt?.cancel()
            #expect(recorder.transport.isClosed == false)
            recorder.transport.abort()
            try await until(loop) { recorder.isLost }
            #expect(results == 1)
            listener.close()
        }
    }

    @Test func theLoopsEndEndsTheAttempt() async throws {
        let thread = try EventLoopThread(name: "test")
        let loop = thread.loop
        let full = try FullListener()
        let address = full.address
        let waiting = Task {
            try await loop.perform { loop in
                _ = try await loop.connect(to: .address(address), PlainRecorder())
            }
        }
        try await loop.perform { loop in
            try await until(loop) { loop.core.hasUserHandles }
        }
        await thread.shutdown()
        let error = await #expect(throws: EndpointError.self) { try await waiting.value }
        #expect(error?.code == .canceled)
        full.close()
    }

    /// In a process of its own: descriptors are counted.
    @Test func aLoopThatEndsDuringARaceLeavesNoDescriptor() async {
        await #expect(processExitsWith: .success) {
            let ends = Counter()
            func once() throws {
                try EventLoop.run { loop in
                    let full = [try FullListener(), try FullListener(.anyPortIPv6)]
                    let recorder = PlainRecorder()
                    loop.race(recorder, to: full.map(\.address)) {
                        guard case .failure(let error) = $0 else { return }
                        #expect(error.code == .canceled && error.attempts.count == 2)
                        ends.increment()
                    }
                    try await until(loop) { loop.connectingCount == 2 }
                    for listener in full { listener.close() }
                }
            }
            try once()
            let before = openDescriptorCount()
            for _ in 0..<3 { try once() }
            #expect(openDescriptorCount() <= before)
            #expect(ends.value == 4)
        }
    }

    @Test func anErrorOfTheCompletionGoesToTheHandler() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let socket = try RawSocket.bound()
            loop.connect(to: .address(socket.localAddress), PlainRecorder()) { _ in
                throw Mishap("completion")
            }
            try await until(loop) { reports.count(of: .connectCompletion) == 1 }
            socket.close()
        }
    }

    /// In a process of its own: descriptors are counted.
    @Test func cancelledConnectsLeaveNoDescriptor() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let full = [try FullListener(), try FullListener(.anyPortIPv6)]
                var cancelled = 0

                func round(_ loop: isolated EventLoop, _ number: Int) async throws {
                    let attempts = (0..<20).map { _ in
                        loop.race(PlainRecorder(), to: full.map(\.address)) { _ in cancelled += 1 }
                    }
                    // None, one, or both of each one's sockets are on their way by then.
                    try await until(loop) { loop.connectingCount >= number % 3 * 20 }
                    for attempt in attempts { attempt.cancel() }
                    #expect(loop.connectingCount == 0)
                }

                try await round(loop, 2)
                let before = openDescriptorCount()
                for number in 0..<50 {
                    try await round(loop, number)
                    #expect(openDescriptorCount() <= before)
                }
                #expect(cancelled == 1_020)
                try await until(loop) { !loop.core.hasUserHandles }
            }
        }
    }

    /// In a process of its own: nobody else takes the numbers that become free.
    @Test func aDescriptorThatWasReusedIsNotClosed() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let full = [try FullListener(), try FullListener(.anyPortIPv6)]
                let listener = try RawSocket.listener()
                for isWon in [false, true] {
                    let recorder = PlainRecorder()
                    recorder.hooks[.connectionMade] = { $0.transport.abort() }
                    var hasEnded = false
                    let more = isWon ? [listener.localAddress] : []
                    let attempt = loop.race(recorder, to: full.map(\.address) + more) { _ in
                        hasEnded = true
                    }
                    try await until(loop) { hasEnded || !isWon && loop.connectingCount == 2 }
                    attempt.cancel()
                    let taken = (0..<20).map { _ in cuv_duplicate(listener.descriptor) }
                    attempt.cancel()
                    try await until(loop) { !loop.core.hasUserHandles }
                    await turns(loop, for: .milliseconds(30))
                    for descriptor in taken {
                        let copy = cuv_duplicate(descriptor)
                        #expect(copy >= 0)
                        cuv_close(copy)
                        cuv_close(descriptor)
                    }
                }
            }
        }
    }
}
