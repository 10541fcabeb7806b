/// Which loop of a group gets the next connection that one of them accepts, as a value.
///
/// The one that has the fewest connections of this server; of several, the next in turn. Turns
/// alone would be as good as long as all connections last equally long. When they do not, the ones
/// that last pile up on some loops, and nothing evens that out; and a loop that is behind, and
/// therefore has more of them open, would go on getting as many as the others.
struct Dealing {
    /// How many may be on their way to a loop: one that is busy lets its clients wait in the
    /// system's backlog.
    static let mostUnderWay = 64

    private struct Member {
        /// Those that are under way to it included.
        var connectionCount = 0
        var underWay = 0
        /// Whether there is anybody to take connections.
        var isWanting = true
        var isGone = false

        var takes: Bool { isWanting && !isGone && underWay < Dealing.mostUnderWay }
    }

    private var members: [Member]
    private let maxConnections: Int
    /// The member that got the last connection.
    private var last: Int
    /// Whether accepting rests until there is somebody to take connections.
    private var isPaused = false

    init(_ count: Int, maxConnections: Int) {
        members = Array(repeating: Member(), count: count)
        self.maxConnections = maxConnections
        last = count - 1
    }

    /// Whether no loop will ever take a connection again.
    var isOver: Bool { members.allSatisfy(\.isGone) }

    private var canAccept: Bool {
        members.contains(where: \.takes)
            && members.reduce(0) { $0 + $1.connectionCount } < maxConnections
    }

    /// The loop that gets a connection, which is under way to it then; nil if all are gone.
    mutating func next() -> Int? {
        // One that has been accepted has to go somewhere, also if nobody wants any by now.
        let anyTakes = members.contains(where: \.takes)
        var found: Int?
        for step in 1...members.count {
            let index = (last + step) % members.count
            let member = members[index]
            guard anyTakes ? member.takes : !member.isGone else { continue }
            if let found, members[found].connectionCount <= member.connectionCount { continue }
            found = index
        }
        guard let found else { return nil }
        last = found
        members[found].connectionCount += 1
        members[found].underWay += 1
        return found
    }

    /// A connection has come to its loop.
    mutating func arrived(_ index: Int) { members[index].underWay -= 1 }

    /// A connection that had come to its loop is gone.
    mutating func ended(_ index: Int) { members[index].connectionCount -= 1 }

    /// A loop wants connections, or wants none for now.
    mutating func setWanting(_ isWanting: Bool, _ index: Int) {
        members[index].isWanting = isWanting
    }

    /// A loop takes no connections any more.
    mutating func remove(_ index: Int) { members[index].isGone = true }

    /// Whether to accept; if not, ``takeResumption()`` tells when to.
    mutating func accepts() -> Bool {
        isPaused = !canAccept
        return !isPaused
    }

    /// Whether accepting rests without a reason by now. True once for each rest.
    mutating func takeResumption() -> Bool {
        guard isPaused, canAccept else { return false }
        isPaused = false
        return true
    }
}
