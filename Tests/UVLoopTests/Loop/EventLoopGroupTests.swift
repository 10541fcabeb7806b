import Glibc
import Synchronization
import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(1)))
struct EventLoopGroupTests {
    @Test func everyLoopHasAThreadOfItsOwn() async throws {
        try await withGroup(4) { group in
            let threads = try await group.performOnAll { loop in
                precondition(loop.isOnThread && EventLoop.current === loop)
                return ThreadIdentity.current
            }
            #expect(group.loops.count == 4)
            #expect(Set(threads).count == 4 && !threads.contains(.current))
            #expect(try await group.performOnAll { _ in ThreadIdentity.current } == threads)
        }
    }

    @Test func asManyAsThereAreCores() async throws {
        #expect(EventLoopGroup.usableCoreCount >= 1)
        let group = try EventLoopGroup()
        #expect(group.loops.count == EventLoopGroup.usableCoreCount)
        await group.shutdown()
    }

    @Test(arguments: [0, -1, .min])
    func fewerThanOne(_ count: Int) {
        #expect(throws: UVError.invalidArgument) { try EventLoopGroup(count: count) }
    }

    @Test(arguments: [
        ("io", ["io 0", "io 1"]), ("", [" 0", " 1"]),
        ("a name that is too long", ["a name that i 0", "a name that i 1"]),
        ("ääääääää", ["ääääää 0", "ääääää 1"]),
    ])
    func threadsHaveNumbers(_ name: String, _ expected: [String]) async throws {
        let group = try EventLoopGroup(count: 2, name: name)
        #expect(try await group.performOnAll { _ in threadName() } == expected)
        await group.shutdown()
    }

    @Test func nextGoesRound() async throws {
        try await withGroup(3) { group in
            let order = (0..<7).map { _ in group.index(of: group.next()) }
            #expect(order == [0, 1, 2, 0, 1, 2, 0])
            let seen = Notes<Int>()
            await withDiscardingTaskGroup { tasks in
                for _ in 0..<8 {
                    tasks.addTask {
                        for _ in 0..<300 { seen.add(group.index(of: group.next())!) }
                    }
                }
            }
            for index in 0..<3 { #expect(seen.all.count { $0 == index } == 800) }
        }
    }

    // MARK: On all

    @Test func performOnAllRunsAtTheSameTime() async throws {
        try await withGroup(3) { group in
            let there = Counter()
            let order = try await group.performOnAll { loop in
                there.increment()
                while there.value < 3 { await Task.yield() }
                return group.index(of: loop)
            }
            #expect(order == [0, 1, 2])
        }
    }

    @Test func theFirstErrorIsThrownWhenAllHaveEnded() async throws {
        try await withGroup(3) { group in
            let ended = Counter()
            await #expect(throws: Mishap("1")) {
                try await group.performOnAll { loop in
                    defer { ended.increment() }
                    let index = group.index(of: loop)!
                    // The last one is the first to throw.
                    while ended.value < 2 - index { await Task.yield() }
                    if index > 0 { throw Mishap("\(index)") }
                }
            }
            #expect(ended.value == 3)
        }
    }

    /// What throws on one loop goes to its exception handler, and is all the others hear of it.
    @Test func aCallbackThatThrowsHurtsNobodyElse() async throws {
        try await withGroup(3) { group in
            let reports = Notes<Int>()
            try await group.performOnAll { loop in
                let index = group.index(of: loop)!
                loop.exceptionHandler = { _ in reports.add(index) }
            }
            for _ in 0..<5 { try group.loops[1].execute { _ in throw Mishap() } }
            let answers = try await group.performOnAll { group.index(of: $0) }
            #expect(answers == [0, 1, 2])
            #expect(reports.all == [1, 1, 1, 1, 1])
        }
    }

    // MARK: Ending

    @Test func shutdownIsIdempotentAndRefusesPosts() async throws {
        let group = try EventLoopGroup(count: 3)
        let posted = Counter()
        for loop in group.loops { try loop.execute { _ in posted.increment() } }
        await withDiscardingTaskGroup { tasks in
            for _ in 0..<10 { tasks.addTask { await group.shutdown() } }
        }
        await group.shutdown()
        #expect(posted.value == 3)
        for _ in 0..<3 {
            #expect(throws: EventLoopError.closed) { try group.next().execute { _ in } }
        }
        await #expect(throws: EventLoopError.closed) { try await group.performOnAll { _ in } }
        #expect(group.isClosed)
    }

    @Test(arguments: Dealt.allCases)
    func aGroupThatIsShutDownDoesNotListen(_ way: Dealt) async throws {
        let group = try EventLoopGroup(count: 2)
        await group.shutdown()
        for error in [
            await failure { try await way.listen(group) },
            await failure { try await group.listen(on: way.endpoint) { EchoProtocol() } },
            await failure { try await group.serve(on: way.endpoint) { _ in } },
        ] {
            #expect((error as? EndpointError)?.code == .canceled, "\(String(describing: error))")
        }
    }

    @Test func shutdownFromATaskOfALoop() async throws {
        let group = try EventLoopGroup(count: 2)
        let task = try await group.next().perform { loop in
            loop.spawn { _ in
                await group.shutdown()
                return group.isClosed
            }
        }
        #expect(try await task.value)
    }

    @Test func shutdownInACancelledTaskWaitsAllTheSame() async throws {
        let group = try EventLoopGroup(count: 2)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await group.shutdown()
        }
        await task.value
        #expect(group.isClosed)
    }

    @Test func aLoopThatWasStoppedDoesNotKeepTheOthersFromGoingOn() async throws {
        try await withGroup(3) { group in
            try group.loops[1].execute { $0.stop() }
            try await eventually { group.loops[1].refusesPosts }
            #expect(try await group.loops[0].perform { _ in 1 } == 1)
            await #expect(throws: EventLoopError.closed) { try await group.performOnAll { _ in } }
        }
    }

    /// Descriptors and threads are counted, so in a process of its own.
    @Test func nothingIsLeft() async {
        await #expect(processExitsWith: .success) {
            /// How many threads of groups there are.
            func threadCount() -> Int {
                guard let directory = opendir("/proc/self/task") else { return -1 }
                defer { closedir(directory) }
                var count = 0
                while let entry = readdir(directory) {
                    let number = withUnsafeBytes(of: entry.pointee.d_name) {
                        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                    }
                    guard let file = fopen("/proc/self/task/\(number)/comm", "r") else { continue }
                    defer { fclose(file) }
                    var name = [CChar](repeating: 0, count: 64)
                    if fgets(&name, 64, file) != nil, strncmp(name, "group", 5) == 0 { count += 1 }
                }
                return count
            }
            func round(shutsDown: Bool) async throws {
                let group = try EventLoopGroup(count: 3, name: "group")
                let listener = try await Dealt.bySystem.listen(group)
                let other = try await Dealt.byHand.listen(group)
                let peers = try [listener, other].map {
                    try RawSocket.connect(to: $0.addresses[0])
                }
                precondition(threadCount() >= 3)
                if shutsDown { await group.shutdown() }
                for peer in peers { peer.close() }
            }
            try EventLoop.run { loop in
                for shutsDown in [true, false] {
                    try await round(shutsDown: true)
                    // The threads have a few instructions to go.
                    try await until(loop) { threadCount() == 0 }
                    let before = openDescriptorCount()
                    for _ in 0..<10 { try await round(shutsDown: shutsDown) }
                    try await until(loop) { threadCount() == 0 }
                    try await until(loop) { isBackTo(before) }
                }
            }
        }
    }
}
