import CUV
import Glibc
import Testing

@testable import UVLoop

/// Look-ups that are cut off: by who asked, by the task's end, by the loop's.
@Suite struct LookupEndingTests {
    @Test func cancellingTwiceAndAfterwards() async throws {
        try await onLoop { loop in
            var answers: [Result<[SocketAddress], EndpointError>] = []
            let lookup = loop.lookUp("localhost") { answers.append($0) }
            lookup.cancel()
            lookup.cancel()
            #expect(answers.count == 1)
            #expect(throws: EndpointError.self) { try answers[0].get() }
            let second = loop.lookUp("localhost", family: .ipv4) { answers.append($0) }
            try await until(loop) { answers.count == 2 }
            second.cancel()
            #expect(try answers[1].get().count == 1)
            let numeric = loop.lookUp("127.0.0.1") { answers.append($0) }
            numeric.cancel()
            await turns(loop, for: .milliseconds(1))
            #expect(answers.count == 3)
        }
    }

    @Test func cancelledTasks() async throws {
        try await onLoop { loop in
            for round in 0..<50 {
                let task = loop.spawn { loop in
                    if round % 2 == 0 {
                        _ = try await loop.lookUp("localhost")
                    } else {
                        let address = try SocketAddress(ip: "127.0.0.1", port: round)
                        _ = try await loop.lookUpName(of: address)
                    }
                }
                for _ in 0..<round % 5 { await Task.yield() }
                task.cancel()
                // It may have been done already.
                do {
                    try await task.value
                } catch {
                    #expect(error is CancellationError)
                }
            }
            try await until(loop) { loop.metrics.requests == 0 }
            #expect(loop.core.pendingRequests.isEmpty)
        }
    }

    /// Nothing is asked for a task that is cancelled already, be the answer known or not.
    @Test func cancelledBefore() async throws {
        try await onLoop { loop in
            for host in ["localhost", "127.0.0.1"] {
                let task = loop.spawn { loop in
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await loop.lookUp(host)
                }
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            #expect(loop.metrics.requests == 0)
        }
    }

    /// While nobody in the pool has time, so that all of it still waits there.
    @Test func beforeThePoolHasTime() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let pool = try await BusyPool(loop)
                let address = try SocketAddress(ip: "127.0.0.1", port: 1)
                let tasks = [
                    loop.spawn { loop in _ = try await loop.lookUp("localhost") },
                    loop.spawn { loop in _ = try await loop.lookUpName(of: address) },
                    loop.spawn { loop in _ = try await loop.randomBytes(10) },
                ]
                try await until(loop) { loop.core.pendingRequests.count == tasks.count }
                for task in tasks { task.cancel() }
                for task in tasks {
                    await #expect(throws: CancellationError.self) { try await task.value }
                }
                #expect(loop.core.pendingRequests.isEmpty)
                // Taken back, not only forgotten: the pool is still busy.
                try await until(loop) { loop.metrics.requests == 4 }
                try await pool.end(loop)
            }
        }
    }

    /// Who waits hears at once; the thread is waited for.
    @Test func theLoopCloses() async throws {
        try await withLoop { loop in
            var answers: [UVError] = []
            func keep<T>(_ answer: Result<T, EndpointError>) {
                if case .failure(let error) = answer { answers.append(error.code) }
            }
            let address = try SocketAddress(ip: "127.0.0.1", port: 1)
            var order: [String] = []
            let gates = (0..<4).map { _ in Gate() }
            for gate in gates {
                try WorkRequest.start(loop) {
                    gate.wait()
                    return 0
                } _: { _ in
                    order.append("work")
                }
            }
            loop.lookUp("localhost") {
                order.append("name")
                keep($0)
                // And asks again.
                loop.lookUp("localhost") { keep($0) }
            }
            loop.lookUpName(of: address) { keep($0) }
            try loop.randomBytes(5) { answer in
                if case .failure(let error) = answer { answers.append(error) }
            }
            try loop.run(.nonBlocking)
            startThread { for gate in gates { gate.open() } }
            try loop.close()
            #expect(answers.count >= 2 && answers.allSatisfy { $0 == .canceled })
            #expect(order.count == 5)
        }
    }

    @Test func onAClosedLoop() async throws {
        try await withLoop { loop in
            try loop.close()
            loop.lookUp("localhost") { _ in Issue.record("called") }.cancel()
            #expect(throws: UVError.canceled) {
                try loop.randomBytes(5) { _ in Issue.record("called") }
            }
            loop.nameCacheLimits = NameCacheLimits(timeToLive: .seconds(1))
            #expect(loop.nameCacheLimits == nil)
        }
    }

    /// Neither memory nor descriptors.
    @Test func nothingIsLeft() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                func round(_ count: Int) async throws {
                    for number in 0..<count {
                        _ = try await loop.lookUp("127.0.0.1", service: "80")
                        if number % 10 == 0 {
                            _ = try await loop.lookUp("127.1", flags: .numericHost)
                            _ = try await loop.lookUpName(
                                of: try SocketAddress(ip: "::1", port: 1), flags: .numericHost)
                            loop.lookUp("localhost") { _ in }.cancel()
                        }
                        // Not as often: of each error that is thrown, the testing library keeps
                        // where that was, which is 400 bytes.
                        if number % 100 == 0 {
                            let cut = loop.spawn { loop in try await loop.lookUp("localhost") }
                            await Task.yield()
                            cut.cancel()
                            _ = try? await cut.value
                        }
                    }
                    try await until(loop) { loop.metrics.requests == 0 }
                }
                try await round(5_000)
                let before = (openDescriptorCount(), residentByteCount())
                try await round(20_000)
                precondition(openDescriptorCount() <= before.0)
                let growth = residentByteCount() - before.1
                precondition(growth < 1_000_000, "\(growth) bytes for 20,000 look-ups")
                precondition(loop.core.pendingRequests.isEmpty)
            }
        }
    }
}
