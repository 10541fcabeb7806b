import CUV
import Glibc
import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(2))) struct PollTests {
    @Test func readableAgainAndAgain() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let poll = try Poll(loop, pair.descriptor)
            var found: [Poll.Events] = []
            poll.start(.readable) { result in
                found.append(try result.get())
                if found.count == 3 { poll.stop() }
            }
            #expect(poll.isActive && poll.events == .readable)
            try loop.run(.nonBlocking)
            #expect(found.isEmpty)
            try pair.peer.send("a")
            // Nobody reads it, so it is told again.
            try loop.run()
            #expect(found == [.readable, .readable, .readable])
            #expect(!poll.isActive && poll.events.isEmpty)
        }
    }

    @Test func once() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let poll = try Poll(loop, pair.descriptor)
            var calls = 0
            poll.start([.readable, .writable], once: true) { result in
                calls += 1
                #expect(result == .success(.writable))
                #expect(!poll.isActive)
            }
            try loop.run()
            #expect(calls == 1)
        }
    }

    @Test func otherEventsFromInside() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let poll = try Poll(loop, pair.descriptor)
            var found: [Poll.Events] = []
            poll.start(.writable) { result in
                found.append(try result.get())
                switch found.count {
                case 1:
                    try pair.peer.send("x")
                    poll.change(to: .readable)
                case 2:
                    pair.peer.endWriting()
                    poll.change(to: .disconnect)
                case 3:
                    poll.start(.writable, once: true) { found.append(try $0.get()) }
                default: break
                }
            }
            try loop.run()
            #expect(found == [.writable, .readable, .disconnect, .writable])
        }
    }

    @Test func urgentData() async throws {
        try await withLoop { loop in
            let listener = try RawSocket.listener()
            defer { listener.close() }
            let client = try RawSocket.connect(to: listener.localAddress)
            let server = try listener.accept()
            defer {
                client.close()
                server.close()
            }
            let poll = try Poll(loop, server.descriptor)
            var found: Poll.Events?
            poll.start(.prioritized, once: true) { found = try $0.get() }
            try client.sendUrgent(1)
            try loop.run()
            #expect(found == .prioritized)
        }
    }

    /// An error counts as what was asked for, as often as it is not heeded.
    @Test func errorsAreReadiness() async throws {
        try await withLoop { loop in
            let (reading, writing) = makePipe()
            close(reading)
            defer { close(writing) }
            let poll = try Poll(loop, writing)
            var calls = 0
            poll.start(.writable) { result in
                #expect(result == .success(.writable))
                calls += 1
                if calls == 3 { poll.close() }
            }
            try loop.run()
            #expect(calls == 3)
        }
    }

    @Test func anyNumberOnOneDescriptor() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let (first, second) = (
                try Poll(loop, pair.descriptor), try Poll(loop, pair.descriptor)
            )
            var found: [Int] = []
            first.start(.readable, once: true) { _ in found.append(1) }
            second.start(.readable, once: true) { _ in found.append(2) }
            try pair.peer.send("x")
            try loop.run()
            #expect(found.sorted() == [1, 2])
        }
    }

    @Test func whatIsRefused() async throws {
        try await withDirectory { directory in
            let path = try directory.make("file", [1])
            try await withLoop { (loop: EventLoop) throws in
                let before = loop.userHandleCount
                for bad: Int32 in [-1, 1_000_000] {
                    #expect(throws: UVError.badFileDescriptor) { try Poll(loop, bad) }
                }
                let file = try openForReading(path)
                #expect(throws: UVError.notPermitted) { try Poll(loop, file) }
                close(file)
                let folder = try openForReading(directory.path)
                #expect(throws: UVError.notPermitted) { try Poll(loop, folder) }
                close(folder)
                #expect(loop.userHandleCount == before)
                try loop.close()
                #expect(throws: UVError.canceled) { try Poll(loop, 0) }
            }
        }
    }

    /// What libuv would end the process for.
    @Test func aDescriptorThatIsClosedMeanwhile() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            let poll = try Poll(loop, pair.descriptor)
            var found: Poll.Events?
            poll.start(.readable) {
                found = try $0.get()
                poll.change(to: .writable)
                if found == .writable { poll.close() }
            }
            close(pair.descriptor)
            try pair.peer.send("x")
            try loop.run()
            #expect(found == .writable)
            pair.peer.close()
        }
    }

    @Test func theEndOfTheLoop() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let poll = try Poll(loop, pair.descriptor)
            var results: [Result<Poll.Events, UVError>] = []
            poll.start(.readable) {
                results.append($0)
                poll.close()
                poll.start(.readable) { _ in Issue.record("called") }
            }
            try loop.close()
            #expect(results == [.failure(.canceled)])
            #expect(poll.isClosing && poll.events.isEmpty)
        }
    }

    @Test func throwingGoesToTheExceptionHandler() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            var contexts: [ExceptionContext] = []
            loop.exceptionHandler = { contexts.append($0) }
            let poll = try Poll(loop, pair.descriptor)
            poll.start(.writable, once: true) { _ in throw Planned(number: 4) }
            try loop.run()
            #expect(contexts.map(\.source) == [.poll])
        }
    }

    /// In a process of its own: descriptors are counted. Every way that a poll can go.
    @Test func nothingIsLeft() async {
        await #expect(processExitsWith: .success) {
            _ = try await withLoop { loop in
                let pair = try RawPair()
                let before = openDescriptorCount()
                for number in 0..<300 {
                    var poll: Poll? = try Poll(loop, pair.descriptor)
                    if number % 2 == 0 { poll!.start(.readable) { _ in } }
                    switch number % 5 {
                    case 0: poll!.close()
                    case 1:
                        poll!.stop()
                        poll = nil
                    case 2:
                        poll!.start(.writable, once: true) { _ in poll = nil }
                        try loop.run()
                    case 3:
                        poll!.stop()
                        // Let go of on another thread; sound: nothing else of it is touched.
                        nonisolated(unsafe) let last = Unmanaged.passRetained(poll!)
                        poll = nil
                        let gate = Gate()
                        startThread {
                            last.release()
                            gate.open()
                        }
                        gate.wait()
                        try loop.run(.nonBlocking)
                    default:
                        poll!.stop()
                        poll!.close()
                        poll!.close()
                    }
                    try loop.run(.nonBlocking)
                }
                try loop.run(.nonBlocking)
                while loop.userHandleCount > 0 { try loop.run(.nonBlocking) }
                // The process may have opened some of its own for a moment, at the beginning, too.
                while openDescriptorCount() > before { sched_yield() }
                var shortage = DescriptorShortage()
                let refusal = Result { try Poll(loop, pair.descriptor) }
                guard case .failure(let error) = refusal, error as? UVError == .tooManyOpenFiles
                else { fatalError("\(refusal)") }
                shortage.end()
                while openDescriptorCount() > before { sched_yield() }
                // One at rest and one at work when the loop closes.
                var (rest, work): (Poll?, Poll?) = (
                    try Poll(loop, pair.descriptor), try Poll(loop, pair.descriptor)
                )
                work!.start(.readable) { _ in }
                try loop.close()
                withExtendedLifetime((rest, work)) {}
                rest = nil
                work = nil
                precondition(openDescriptorCount() < before)
            }
        }
    }
}
