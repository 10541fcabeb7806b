import CUV
import Glibc
import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(2))) struct WaitingForDescriptorsTests {
    @Test(arguments: Caller.allCases)
    func fromAnyTask(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                try await loop.waitUntilWritable(pair.descriptor)
                async let sent: Void = offThread { try pair.peer.send("x") }
                try await caller.run(loop) {
                    try await loop.waitUntilReadable(pair.descriptor)
                    let both = try await RawDescriptor(pair.descriptor, on: loop)
                        .wait(for: [.readable, .writable, .disconnect])
                    #expect(both == [.readable, .writable])
                }
                try await sent
            }
            try await until(loop) { loop.userHandleCount == 0 }
        }
    }

    @Test(arguments: Caller.allCases)
    func cancelled(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                let canceller = Canceller()
                async let done: Void = caller.run(loop) {
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask {
                            canceller.takeCurrentTask()
                            await expectCancelled {
                                try await loop.waitUntilReadable(pair.descriptor)
                            }
                        }
                        await group.waitForAll()
                    }
                }
                try await until(loop) { loop.hasActivePoll }
                canceller.cancel()
                try await done
                await expectCancelled {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await loop.waitUntilReadable(pair.descriptor)
                }
            }
            #expect(!loop.hasActivePoll)
        }
    }

    @Test func timeouts() async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                for timeout in [Duration.zero, .milliseconds(2)] {
                    let error = await failure {
                        try await loop.waitUntilReadable(pair.descriptor, timeout: timeout)
                    }
                    #expect(error as? EventLoopError == .timedOut)
                }
                #expect(!loop.hasActivePoll)
            }
        }
    }

    @Test func aLoopThatCloses() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let pair = try RawPair()
        defer { pair.end() }
        let outside = Task.detached { try await loop.waitUntilReadable(pair.descriptor) }
        let inside = Task(executorPreference: loop.loopTaskExecutor) {
            try await loop.waitUntilReadable(pair.descriptor)
        }
        try await loop.perform { loop in
            try await until(loop) {
                var count = 0
                loop.core.forEachHandleObject { if $0 is Poll { count += 1 } }
                return count == 2
            }
        }
        await thread.shutdown()
        for task in [outside, inside] {
            let error = await failure { try await task.value }
            #expect(error as? EventLoopError == .closed)
        }
        let late = await failure { try await loop.waitUntilReadable(pair.descriptor) }
        #expect(late as? EventLoopError == .closed)
    }

    @Test func wrongDescriptors() async throws {
        try await withDirectory { directory in
            let path = try directory.make("file", [1])
            try await onLoop { loop in
                let bad = await failure { try await loop.waitUntilReadable(-1) }
                #expect(bad as? UVError == .badFileDescriptor)
                let file = try openForReading(path)
                let regular = await failure { try await loop.waitUntilReadable(file) }
                #expect(regular as? UVError == .notPermitted)
                close(file)
                let none = await failure { try await RawDescriptor(0, on: loop).wait(for: []) }
                #expect(none as? UVError == .invalidArgument)
            }
        }
    }

    @Test func again() async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                try pair.peer.send("abc")
                var count = 0
                let socket = RawDescriptor(pair.descriptor, on: loop)
                for try await events in socket.readiness(for: .readable) {
                    #expect(events == .readable)
                    _ = try await socket.receive(upTo: 1)
                    count += 1
                    if count == 3 { break }
                }
                let task = loop.spawn { _ in
                    for try await _ in socket.readiness(for: .readable) { Issue.record("ready") }
                }
                try await until(loop) { loop.hasActivePoll }
                task.cancel()
                try await task.value
            }
        }
    }

    @Test func descriptorKinds() throws {
        let (reading, writing) = makePipe()
        let tcp = try RawSocket.listener()
        let device = try openForReading("/dev/null")
        #expect(DescriptorKind(reading) == .pipe && DescriptorKind(writing) == .pipe)
        #expect(DescriptorKind(tcp.descriptor) == .tcp)
        #expect(DescriptorKind(device) == .file)
        #expect(DescriptorKind(-1) == .unknown)
        tcp.close()
        for descriptor in [reading, writing, device] { close(descriptor) }
    }
}
