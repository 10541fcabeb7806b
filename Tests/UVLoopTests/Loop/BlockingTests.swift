import Testing

@testable import UVLoop

@Suite(.serialized, .timeLimit(.minutes(2))) struct BlockingTests {
    private final class NotSendable {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test(arguments: [false, true])
    func whatHasBegun(isAbandoned: Bool) async throws {
        try await onLoop { loop in
            let (begun, gate, ended) = (AsyncGate(), Gate(), Counter())
            let task = loop.spawn { loop in
                try await loop.blocking(abandonsWhenCancelled: isAbandoned) {
                    begun.open()
                    gate.wait()
                    ended.increment()
                    return 8
                }
            }
            await begun.wait()
            task.cancel()
            if isAbandoned {
                await expectCancelled { try await task.value }
                #expect(ended.value == 0)
                gate.open()
            } else {
                gate.open()
                #expect(try await task.value == 8)
            }
            try await until(loop) { ended.value == 1 }
        }
    }

    /// In a process of its own: all threads are busy.
    @Test func whatWaitsIsTakenBack() async {
        await #expect(processExitsWith: .success) {
            _ = try await onLoop { loop in
                let pool = try await BusyPool(loop)
                let task = loop.spawn { loop in
                    try await loop.blocking { precondition(false, "it ran") }
                }
                try await until(loop) { loop.core.uv.pointee.active_reqs.count == 5 }
                task.cancel()
                // While the threads are still busy.
                let error = await failure { try await task.value }
                precondition(error is CancellationError)
                var answer: Result<Int, any Error>?
                let work = try loop.blocking {
                    precondition(false, "it ran")
                    return 0
                } completion: { (result: Result<Int, any Error>) in
                    answer = result
                }
                precondition(work.cancel())
                try await until(loop) { answer != nil }
                guard case .failure(let found) = answer, found as? UVError == .canceled else {
                    fatalError("\(String(describing: answer))")
                }
                try await pool.end(loop)
            }
        }
    }

    @Test func callbacks() async throws {
        try await withLoop { loop in
            var numbers: [Int] = []
            var errors: [Planned] = []
            let work = try loop.blocking {
                NotSendable(6)
            } completion: { result in
                #expect(loop.isOnThread)
                numbers.append(try result.get().number)
            }
            try loop.blocking {
                throw Planned(number: 1)
            } completion: { (result: Result<Int, any Error>) in
                if case .failure(let error as Planned) = result { errors.append(error) }
            }
            #expect(numbers.isEmpty)
            try loop.run()
            #expect(numbers == [6] && errors == [Planned(number: 1)])
            #expect(!work.cancel())
            try loop.close()
            #expect(throws: UVError.canceled) {
                try loop.blocking {
                    0
                } completion: { _ in
                    Issue.record("called")
                }
            }
        }
    }

    @Test func theEndOfTheLoop() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let (begun, gate) = (AsyncGate(), Gate())
        let task = Task.detached {
            try await loop.blocking {
                begun.open()
                gate.wait()
                return 2
            }
        }
        await begun.wait()
        startThread { gate.open() }
        await thread.shutdown()
        #expect(try await task.value == 2)
        let late = await failure { try await loop.blocking { 1 } }
        #expect(late as? EventLoopError == .closed)
    }
}
