import Testing

@testable import UVLoop

/// The order and the times of attempts as a value, without sockets.
@Suite struct AddressRaceTests {
    /// One address for each digit, `4` or `6`; its port is its place.
    private static func addresses(_ families: String) -> [SocketAddress] {
        families.enumerated().map { place, family in
            let address: SocketAddress = family == "4" ? .anyPortIPv4 : .anyPortIPv6
            return address.with(port: place + 1)
        }
    }

    private func race(_ families: String, _ delay: Duration? = .milliseconds(250)) -> AddressRace {
        var options = ConnectOptions()
        options.attemptDelay = delay
        return AddressRace(Self.addresses(families), options: options)
    }

    // MARK: Order

    @Test(arguments: [
        ("", 1, []),
        ("4", 1, [1]),
        ("66", 1, [1, 2]),
        ("64", 1, [1, 2]),
        ("46", 1, [1, 2]),
        ("6644", 1, [1, 3, 2, 4]),
        ("4466", 1, [1, 3, 2, 4]),
        ("66664", 1, [1, 5, 2, 3, 4]),
        ("64444", 1, [1, 2, 3, 4, 5]),
        ("464646", 1, [1, 2, 3, 4, 5, 6]),
        ("666444", 2, [1, 2, 4, 3, 5, 6]),
        ("666444", 3, [1, 2, 3, 4, 5, 6]),
        ("644", 2, [1, 2, 3]),
        ("6644", .max, [1, 2, 3, 4]),
        ("6644", 0, [1, 3, 2, 4]),
        ("6644", .min, [1, 3, 2, 4]),
    ])
    func familiesTakeTurns(_ families: String, _ firstFamilyCount: Int, _ order: [Int]) {
        var options = ConnectOptions()
        options.firstFamilyCount = firstFamilyCount
        let race = AddressRace(Self.addresses(families), options: options)
        #expect(race.addresses.map(\.port) == order)
    }

    @Test(arguments: [
        (SocketAddress.Family.ipv4, [2, 4]), (.ipv6, [1, 3]),
    ])
    func theLocalAddressDecidesTheFamily(_ family: SocketAddress.Family, _ order: [Int]) {
        let race = AddressRace(Self.addresses("6464"), from: family)
        #expect(race.addresses.map(\.port) == order)
        #expect(AddressRace(Self.addresses("44"), from: .ipv6).addresses == [])
    }

    // MARK: Times

    @Test func everyAttemptButTheLastHasTheDelay() {
        var race = race("644")
        #expect(race.begin() == .start(0, delay: .milliseconds(250)))
        #expect(race.delayOver() == .start(1, delay: .milliseconds(250)))
        #expect(race.delayOver() == .start(2, delay: nil))
        #expect(race.delayOver() == .nothing)
    }

    @Test func theNextFollowsAFailureAtOnceWithADelayOfItsOwn() {
        var race = race("6464")
        #expect(race.begin() == .start(0, delay: .milliseconds(250)))
        #expect(race.failed(0, .connectionRefused) == .start(1, delay: .milliseconds(250)))
        #expect(race.delayOver() == .start(2, delay: .milliseconds(250)))
        // Not the newest one, but a place is free.
        #expect(race.failed(1, .connectionRefused) == .start(3, delay: nil))
        #expect(race.failed(3, .connectionRefused) == .nothing)
        #expect(race.failed(2, .connectionRefused) == .giveUp)
    }

    @Test func withoutADelayOneFollowsTheOther() {
        var race = race("64", nil)
        #expect(race.begin() == .start(0, delay: nil))
        #expect(race.failed(0, .timedOut) == .start(1, delay: nil))
        #expect(race.failed(1, .timedOut) == .giveUp)
    }

    @Test(arguments: [
        (Duration.milliseconds(9), Duration.milliseconds(10)), (.zero, .milliseconds(10)),
        (.seconds(-1), .milliseconds(10)), (.milliseconds(11), .milliseconds(11)),
        (.seconds(100), .seconds(100)),
    ])
    func theDelayIsAtLeastTenMilliseconds(_ delay: Duration, _ used: Duration) {
        var race = race("64", delay)
        #expect(race.begin() == .start(0, delay: used))
    }

    // MARK: Ends

    @Test func failuresAreInTheOrderOfBeginning() {
        var race = race("644")
        _ = race.begin()
        _ = race.delayOver()
        _ = race.delayOver()
        #expect(race.failures == [])
        #expect(race.failed(2, .hostUnreachable) == .nothing)
        #expect(race.failed(0, .connectionRefused) == .nothing)
        #expect(race.failures.map(\.endpoint) == ["[::1]:1", "127.0.0.1:3"])
        #expect(race.failed(1, .timedOut) == .giveUp)
        #expect(race.failures.map(\.code) == [.connectionRefused, .timedOut, .hostUnreachable])
    }

    @Test func theEndCutsOffWhatRuns() {
        var race = race("6444")
        _ = race.begin()
        _ = race.failed(0, .connectionRefused)
        _ = race.delayOver()
        race.end(.timedOut)
        race.end(.canceled)
        // The fourth has never begun.
        #expect(race.failures.map(\.code) == [.connectionRefused, .timedOut, .timedOut])
        #expect(race.delayOver() == .nothing)
        #expect(race.failed(1, .connectionRefused) == .nothing)
        #expect(race.failures.map(\.code) == [.connectionRefused, .timedOut, .timedOut])
    }

    @Test func withoutAddressesThereIsNothingToBegin() {
        var race = race("")
        #expect(race.begin() == .giveUp)
        #expect(race.failures == [])
    }

    // MARK: All ways

    /// A race with what its owner has under way.
    private struct Walk {
        var race: AddressRace
        var running: Set<Int> = []
        var begun = 0
        var isTimed = false
        var hasGivenUp = false
        var hasEnded = false

        mutating func take(_ action: AddressRace.Action) {
            switch action {
            case .nothing: break
            case .start(let number, let delay):
                #expect(number == begun, "each begins once, in order")
                #expect(!hasEnded && !hasGivenUp, "nothing begins after the end")
                begun += 1
                running.insert(number)
                isTimed = delay != nil
                #expect(!isTimed || begun < race.addresses.count, "a delay before nothing")
            case .giveUp:
                #expect(!hasEnded && !hasGivenUp, "given up once")
                #expect(running.isEmpty && begun == race.addresses.count)
                #expect(race.failures.count == begun)
                hasGivenUp = true
            }
            #expect(hasEnded || hasGivenUp || !running.isEmpty, "nobody would ever hear more")
        }

        /// Every walk that one more event leads to.
        var next: [Walk] {
            var walks: [Walk] = []
            for number in running {
                var walk = self
                walk.running.remove(number)
                walk.take(walk.race.failed(number, .connectionRefused))
                walks.append(walk)
            }
            if isTimed, !hasEnded {
                var walk = self
                walk.isTimed = false
                walk.take(walk.race.delayOver())
                #expect(walk.begun == begun + 1, "a delay ended for nothing")
                walks.append(walk)
            }
            if !hasEnded, !hasGivenUp {
                var walk = self
                walk.hasEnded = true
                walk.race.end(.canceled)
                #expect(walk.race.failures.count == begun)
                walks.append(walk)
            }
            return walks
        }
    }

    @Test(arguments: ["4", "64", "664", "6464"], [Duration.milliseconds(250), nil])
    func everyWayEndsOnceAndNoneIsStuck(_ families: String, _ delay: Duration?) {
        var first = Walk(race: race(families, delay))
        first.take(first.race.begin())
        var walks = [first]
        var ends = 0
        while let walk = walks.popLast() {
            let next = walk.next
            if next.isEmpty {
                #expect(walk.hasEnded || walk.hasGivenUp)
                ends += 1
            }
            walks += next
        }
        #expect(ends > families.count)
    }
}
