import Testing

@testable import UVLoop

/// Connections come to all loops of a group, and stay where they came to.
@Suite(.timeLimit(.minutes(1)))
struct GroupListenerTests {
    /// What a handler noted of the loop that it runs on.
    private struct Place: Sendable {
        let index: Int?
        let thread: ThreadIdentity
        let isPinned: Bool
    }

    @Test(arguments: Dealt.allCases)
    func connectionsComeToAllLoopsAndStay(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let places = Notes<Place>()
            let listener = try await way.listen(group)
            let threads = try await group.performOnAll { _ in ThreadIdentity.current }
            let begun = Counter()
            try await listener.serving { stream in
                begun.increment()
                let thread = ThreadIdentity.current
                var isPinned = stream.loop.isOnThread
                for try await chunk in stream {
                    isPinned = isPinned && ThreadIdentity.current == thread
                    try await stream.send(chunk)
                    await Task.yield()
                    isPinned = isPinned && EventLoop.current === stream.loop
                }
                let index = group.index(of: stream.loop)
                places.add(Place(index: index, thread: thread, isPinned: isPinned))
            } while: {
                // All have begun to serve.
                var peers: [RawSocket] = []
                for count in 1...3 {
                    peers.append(try RawSocket.connect(to: listener.addresses[0]))
                    try await eventually { begun.value == count }
                }
                for _ in 3..<60 { peers.append(try RawSocket.connect(to: listener.addresses[0])) }
                for round in 0..<3 {
                    for peer in peers { try peer.send("round \(round)") }
                    for peer in peers {
                        let answer = try await offThread { try peer.receive(exactly: 7) }
                        #expect(answer == Array("round \(round)".utf8))
                    }
                }
                let counts = await listener.connectionCounts
                #expect(counts.reduce(0, +) == 60)
                if way == .bySystem {
                    // That 60 are dealt to one of three loops only will never happen.
                    #expect(counts.count { $0 > 0 } > 1, "\(counts)")
                } else {
                    #expect(counts == [20, 20, 20])
                }
                for peer in peers { peer.close() }
            }
            #expect(places.count == 60)
            for place in places.all {
                #expect(place.isPinned)
                #expect(place.index.map { threads[$0] } == place.thread)
            }
            #expect(await listener.connectionCounts == [0, 0, 0])
        }
    }

    @Test(arguments: Dealt.allCases)
    func aHundredClientsAtOnce(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let listener = try await way.listen(group)
            try await listener.serving(echoing) {
                let thread = try EventLoopThread()
                try await withThrowingTaskGroup { clients in
                    for number in 0..<100 {
                        clients.addTask(executorPreference: thread.loop.loopTaskExecutor) {
                            let sent = scrambled(100_000 + number, seed: UInt64(number + 1))
                            let received = try await thread.loop.withConnection(
                                to: .address(listener.addresses[0])
                            ) { stream in
                                async let received = stream.receiveToEnd()
                                try await stream.send(sent)
                                try await stream.sendEOF()
                                return try await received
                            }
                            #expect(received == sent)
                        }
                    }
                    try await clients.waitForAll()
                }
                await thread.shutdown()
            }
        }
    }

    /// Those that end make room on their loop, which gets the next.
    @Test func theLoopWithTheFewestGetsTheNext() async throws {
        try await withGroup(3) { group in
            let listener = try await Dealt.byHand.listen(group)
            let loops = Notes<Int>()
            try await listener.serving { stream in
                loops.add(group.index(of: stream.loop)!)
                try await echoing(stream)
            } while: {
                var peers: [RawSocket] = []
                for count in 1...9 {
                    peers.append(try RawSocket.connect(to: listener.addresses[0]))
                    try await eventually { loops.count == count }
                }
                #expect(loops.all == [0, 1, 2, 0, 1, 2, 0, 1, 2])
                for index in [1, 4] { peers[index].close() }
                try await eventually { await listener.connectionCounts == [3, 1, 3] }
                for count in 10...12 {
                    peers.append(try RawSocket.connect(to: listener.addresses[0]))
                    try await eventually { loops.count == count }
                }
                #expect(loops.all[9...11] == [1, 1, 2] || loops.all[9...11] == [1, 1, 0])
                for (index, peer) in peers.enumerated() where ![1, 4].contains(index) {
                    peer.close()
                }
            }
        }
    }

    @Test(arguments: Dealt.allCases)
    func aHandlerThatThrowsHurtsNobodyElse(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let reports = Notes<CallbackSource>()
            try await group.performOnAll { loop in
                loop.exceptionHandler = { reports.add($0.source) }
            }
            let listener = try await way.listen(group)
            let begun = Counter()
            try await listener.serving { stream in
                if begun.increment() % 2 == 0 { throw Mishap() }
                try await echoing(stream)
            } while: {
                var answered = 0
                for _ in 0..<30 {
                    let peer = try RawSocket.connect(to: listener.addresses[0])
                    // One that is closed already may refuse the bytes, or reset the connection.
                    try? peer.send("hello")
                    if try await offThread({ (try? peer.receive(exactly: 5))?.count == 5 }) {
                        answered += 1
                    }
                    peer.close()
                }
                #expect(answered == 15)
            }
            #expect(reports.all.count { $0 == .streamHandler } == 15)
        }
    }

    @Test(arguments: [1, 2])
    func groupsOfFewLoops(_ count: Int) async throws {
        for way in Dealt.allCases {
            try await withGroup(count) { group in
                let listener = try await way.listen(group)
                try await listener.serving(echoing) {
                    for _ in 0..<5 {
                        let peer = try RawSocket.connect(to: listener.addresses[0])
                        try peer.send("hello")
                        #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                        peer.close()
                    }
                }
            }
        }
    }

    @Test func tcpAndUnixTogether() async throws {
        try await withGroup(2) { group in
            let listener = try await group.listen(
                on: .address(.anyPortIPv4), .address(.unnamed), .address(.anyPortIPv6))
            #expect(listener.addresses.map(\.family) == [.ipv4, .unix, .ipv6])
            #expect(listener.port == listener.addresses[2].port)
            try await listener.serving(echoing) {
                for address in listener.addresses {
                    let peer = try RawSocket.connect(to: address)
                    try peer.send("hello")
                    #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                    peer.close()
                }
            }
        }
    }

    // MARK: The bound

    /// A dozen clients want to be served, but never more than so many at a time.
    private func serveADozen(_ listener: GroupListener, atMost most: Int) async throws {
        let (open, begun) = (Notes<Int>(), Counter())
        try await listener.serving { stream in
            begun.increment()
            open.add(1)
            #expect(open.all.reduce(0, +) <= most)
            try await echoing(stream)
            open.add(-1)
        } while: {
            let peers = try (0..<12).map { _ in
                try RawSocket.connect(to: listener.addresses[0])
            }
            try await eventually { begun.value == most }
            for (number, peer) in peers.enumerated() {
                // Whoever has waited comes in when others go.
                try peer.send("\(number % 10)")
                #expect(try await offThread { try peer.receive(exactly: 1) }.count == 1)
                peer.close()
            }
            #expect(begun.value == 12)
        }
    }

    @Test(arguments: [Dealt.byHand, .unix], [1, 2, 5])
    func theBoundHoldsForAllTogether(_ way: Dealt, _ most: Int) async throws {
        try await withGroup(3) { group in
            var options = ListenOptions()
            options.maxConnections = most
            let listener = try await group.listen(
                on: way.endpoint, options: options, distribution: way.distribution)
            try await serveADozen(listener, atMost: most)
        }
    }

    /// A share of nothing would leave a loop's clients waiting for ever.
    @Test func aBoundBelowTheNumberOfLoopsIsNotDivided() async throws {
        try await withGroup(3) { group in
            var options = ListenOptions()
            options.maxConnections = 2
            let listener = try await group.listen(on: .address(.anyPortIPv4), options: options)
            try await serveADozen(listener, atMost: 2)
        }
    }

    @Test func eachLoopHasItsShareOfTheBound() async throws {
        try await withGroup(3) { group in
            var options = ListenOptions()
            options.maxConnections = 5
            let listener = try await group.listen(on: .address(.anyPortIPv4), options: options)
            try await listener.serving(echoing) {
                let peers = try (0..<60).map { _ in
                    try RawSocket.connect(to: listener.addresses[0])
                }
                // Of 60 the system deals more than two to each.
                try await eventually { await listener.connectionCounts == [2, 2, 1] }
                for peer in peers { peer.reset() }
            }
        }
    }

    @Test(arguments: Dealt.allCases, [0, -1])
    func aBoundThatLetsNobodyInIsAnError(_ way: Dealt, _ most: Int) async throws {
        try await withGroup(2) { group in
            var options = ListenOptions()
            options.maxConnections = most
            let error = await failure { [options] in
                try await group.listen(
                    on: way.endpoint, options: options, distribution: way.distribution)
            }
            #expect((error as? EndpointError)?.code == .invalidArgument)
        }
    }
}
