import CUV
import Testing

@testable import UVLoop

/// Connects that end before they succeed.
@Suite(.timeLimit(.minutes(1)))
struct ConnectCancellationTests {
    /// A listener whose queue is full: whoever connects now waits.
    private struct FullListener {
        let listener: RawSocket
        let clients: [Int32]

        init() throws {
            listener = try RawSocket.listener(backlog: 0)
            let address = listener.localAddress
            clients = (0..<8).map { _ in
                let descriptor = cuv_stream_socket(address.systemFamily)
                _ = address.withSockaddr { connect(descriptor, $0, $1) }
                return descriptor
            }
        }

        func close() {
            for client in clients { cuv_close(client) }
            listener.close()
        }
    }

    @Test func theTimeoutEndsTheAttempt() async throws {
        try await onLoop { loop in
            let full = try FullListener()
            let recorder = PlainRecorder()
            let start = ContinuousClock.now
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.connect(
                    to: .address(full.listener.localAddress), timeout: .milliseconds(30), recorder)
            }
            #expect(error?.code == .timedOut)
            #expect(error?.endpoint == full.listener.localAddress.description)
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
            let attempt = loop.connect(to: .address(full.listener.localAddress), recorder) {
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

    @Test func cancellingBeforeItBeginsAndAfterItEnds() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            var results = 0
            let early = loop.connect(to: .address(listener.localAddress), PlainRecorder()) { _ in
                results += 1
            }
            early.cancel()
            #expect(results == 1)
            let recorder = PlainRecorder()
            let late = loop.connect(to: .address(listener.localAddress), recorder) { _ in
                results += 1
            }
            try await until(loop) { results == 2 }
            late.cancel()
            #expect(recorder.transport.isClosed == false)
            recorder.transport.abort()
            try await until(loop) { recorder.isLost }
            #expect(results == 2)
            listener.close()
        }
    }

    @Test func cancellingALookUp() async throws {
        try await onLoop { loop in
            var results: [UVError?] = []
            let attempt = loop.connect(to: .host("localhost", port: 9), PlainRecorder()) {
                if case .failure(let error) = $0 { results.append(error.code) }
            }
            // The look-up has begun, and may or may not have reached a thread.
            await withCheckedContinuation { continuation in
                loop.callSoon { continuation.resume() }
            }
            attempt.cancel()
            try await until(loop) { !results.isEmpty }
            await turns(loop, for: .milliseconds(5))
            #expect(results.count == 1)
        }
    }

    @Test func theLoopsEndEndsTheAttempt() async throws {
        let thread = try EventLoopThread(name: "test")
        let loop = thread.loop
        let full = try FullListener()
        let address = full.listener.localAddress
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
                let full = try FullListener()
                var cancelled = 0
                var before = 0
                for round in 0..<200 {
                    if round == 10 { before = openDescriptorCount() }
                    let attempt = loop.connect(
                        to: .address(full.listener.localAddress), PlainRecorder()
                    ) { _ in cancelled += 1 }
                    if round.isMultiple(of: 2) {
                        try await until(loop) { loop.core.hasUserHandles }
                    }
                    attempt.cancel()
                    try await until(loop) { !loop.core.hasUserHandles }
                }
                #expect(cancelled == 200)
                #expect(openDescriptorCount() <= before)
                full.close()
            }
        }
    }
}
