import CUV
import Glibc
import Testing

@testable import UVLoop

/// What can be set on datagram sockets.
@Suite(.timeLimit(.minutes(1)))
struct DatagramOptionTests {
    private static let group = "239.255.77.88"
    private static let everyIPv4 = try! SocketAddress(ip: "0.0.0.0", port: 0)

    /// A socket that hears of groups, and one that sends to them over the loopback interface.
    private static func groupSockets(
        _ loop: EventLoop
    ) throws -> (DatagramRecorder, DatagramTransport, to: SocketAddress) {
        let recorder = DatagramRecorder()
        let member = try loop.openDatagram(boundToAddress: everyIPv4, recorder)
        let sender = try loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramRecorder())
        try sender.setMulticastInterface("127.0.0.1")
        let target = try SocketAddress(ip: group, port: member.localAddress.port)
        return (recorder, sender, target)
    }

    // MARK: Groups

    @Test func aMemberHearsWhatIsSentToItsGroup() async throws {
        try await onLoop { loop in
            let (recorder, sender, target) = try Self.groupSockets(loop)
            let own = try SocketAddress(ip: "127.0.0.1", port: target.port)
            try sender.send("before", to: target)
            try sender.send("mark 1", to: own)
            try recorder.transport.joinGroup(Self.group, onInterface: "127.0.0.1")
            #expect(throws: UVError.addressInUse) {
                try recorder.transport.joinGroup(Self.group, onInterface: "127.0.0.1")
            }
            try sender.send("member", to: target)
            try recorder.transport.leaveGroup(Self.group, onInterface: "127.0.0.1")
            #expect(throws: UVError.addressNotAvailable) {
                try recorder.transport.leaveGroup(Self.group, onInterface: "127.0.0.1")
            }
            try sender.send("after", to: target)
            try sender.send("mark 2", to: own)
            try await until(loop) { recorder.texts.last == "mark 2" }
            #expect(recorder.texts == ["mark 1", "member", "mark 2"])
            #expect(recorder.datagrams[1].sender == sender.localAddress)
        }
    }

    @Test func aMemberOfASourcesGroupHearsThatSource() async throws {
        try await onLoop { loop in
            let (recorder, sender, target) = try Self.groupSockets(loop)
            let other = try loop.openDatagram(
                boundToAddress: SocketAddress(ip: "127.0.0.2", port: 0), DatagramRecorder())
            try other.setMulticastInterface("127.0.0.1")
            let lo = "127.0.0.1"
            try recorder.transport.joinGroup(
                Self.group, onInterface: lo, fromSource: "127.0.0.1")
            try other.send("other 1", to: target)
            try sender.send("source", to: target)
            try recorder.transport.joinGroup(
                Self.group, onInterface: lo, fromSource: "127.0.0.2")
            try other.send("other 2", to: target)
            try recorder.transport.leaveGroup(
                Self.group, onInterface: lo, fromSource: "127.0.0.1")
            try sender.send("gone", to: target)
            try other.send("other 3", to: target)
            try await until(loop) { recorder.texts.last == "other 3" }
            #expect(recorder.texts == ["source", "other 2", "other 3"])
        }
    }

    @Test func groupsOfIPv6AreJoinedAndLeft() async throws {
        try await onLoop { loop in
            let transport = try loop.openDatagram(
                boundToAddress: .anyPortIPv6, DatagramRecorder())
            try transport.joinGroup("ff02::1:7788%lo")
            #expect(throws: UVError.addressInUse) {
                try transport.joinGroup("ff02::1:7788", onInterface: "::%lo")
            }
            try transport.leaveGroup("ff02::1:7788", onInterface: "::1%lo")
            #expect(throws: UVError.addressNotAvailable) {
                try transport.leaveGroup("ff02::1:7788%lo")
            }
            try transport.setMulticastInterface("::%lo")
            let index = try transport.socketOption(
                level: Int(IPPROTO_IPV6), name: Int(IPV6_MULTICAST_IF))
            #expect(index == Int(if_nametoindex("lo")))
            try transport.setMulticastInterface(nil)
            #expect(
                try transport.socketOption(level: Int(IPPROTO_IPV6), name: Int(IPV6_MULTICAST_IF))
                    == 0)
        }
    }

    @Test func textsThatAreNoGroupsOrInterfacesAreRefused() async throws {
        try await onLoop { loop in
            let ipv4 = try loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramRecorder())
            let ipv6 = try loop.openDatagram(boundToAddress: .anyPortIPv6, DatagramRecorder())
            for (group, interface, source) in [
                ("127.0.0.1", nil, nil), ("group", nil, nil), ("", nil, nil),
                ("ff02::1", nil, nil), (Self.group, "lo", nil), (Self.group, "::1", nil),
                (Self.group, "127.0.0.1", "::1"), (Self.group, "127.0.0.1", "name"),
            ] as [(String, String?, String?)] {
                #expect(throws: UVError.invalidArgument) {
                    try ipv4.joinGroup(group, onInterface: interface, fromSource: source)
                }
            }
            for interface in ["lo", "::1", "::1%nowhere", "127.0.0.1"] {
                #expect(throws: UVError.invalidArgument) {
                    try ipv6.joinGroup("ff02::1:7788", onInterface: interface)
                }
                #expect(throws: UVError.invalidArgument) {
                    try ipv6.setMulticastInterface(interface)
                }
            }
        }
    }

    // MARK: Broadcast

    @Test func broadcastHasToBeAllowed() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let receiver = try loop.openDatagram(boundToAddress: Self.everyIPv4, recorder)
            let all = try SocketAddress(ip: "127.255.255.255", port: receiver.localAddress.port)
            let sender = try loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramRecorder())
            #expect(throws: UVError.permissionDenied) { try sender.send("no", to: all) }
            try sender.setBroadcast(true)
            try sender.send("first", to: all)
            try sender.setBroadcast(false)
            #expect(throws: UVError.permissionDenied) { try sender.send("no", to: all) }
            var options = DatagramOptions()
            options.allowsBroadcast = true
            let allowed = try loop.openDatagram(
                boundToAddress: .anyPortIPv4, options: options, DatagramRecorder())
            try allowed.send("second", to: all)
            try await until(loop) { recorder.texts == ["first", "second"] }
        }
    }

    // MARK: Options

    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6], [true, false])
    func timesToLive(_ address: SocketAddress, adopted: Bool) async throws {
        try await onLoop { loop in
            let transport =
                adopted
                ? try loop.openDatagram(
                    adopting: try RawDatagramSocket(address).descriptor, DatagramRecorder())
                : try loop.openDatagram(boundToAddress: address, DatagramRecorder())
            let isIPv6 = address.family == .ipv6
            let level = Int(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP)
            func option(_ ipv4: Int32, _ ipv6: Int32) throws -> Int {
                try transport.socketOption(level: level, name: Int(isIPv6 ? ipv6 : ipv4))
            }
            try transport.setTTL(7)
            #expect(try option(IP_TTL, IPV6_UNICAST_HOPS) == 7)
            try transport.setMulticastTTL(9)
            #expect(try option(IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS) == 9)
            try transport.setMulticastLoop(false)
            #expect(try option(IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP) == 0)
            for count in [0, -1, 256, .max] {
                #expect(throws: UVError.invalidArgument) { try transport.setTTL(count) }
            }
            for count in [-1, 256, .max] {
                #expect(throws: UVError.invalidArgument) { try transport.setMulticastTTL(count) }
            }
        }
    }

    @Test func sizesOfBuffersAndOtherOptions() async throws {
        try await onLoop { loop in
            let transport = try loop.openDatagram(
                boundToAddress: .anyPortIPv4, DatagramRecorder())
            try transport.setSendBufferSize(20_000)
            try transport.setReceiveBufferSize(30_000)
            #expect(try transport.sendBufferSize == 40_000)
            #expect(try transport.receiveBufferSize == 60_000)
            try transport.setSocketOption(level: Int(IPPROTO_IP), name: Int(IP_TOS), to: 16)
            #expect(try transport.socketOption(level: Int(IPPROTO_IP), name: Int(IP_TOS)) == 16)
            #expect(try transport.fileDescriptor >= 0)
            #expect(transport.keepsLoopAlive)
        }
    }

    @Test func anAddressIsSharedOnlyIfAllWantIt() async throws {
        try await onLoop { loop in
            for path in [\DatagramOptions.reusePort, \.reuseAddress] {
                var options = DatagramOptions()
                options[keyPath: path] = true
                let first = try loop.openDatagram(
                    boundToAddress: .anyPortIPv4, options: options, DatagramRecorder())
                let address = first.localAddress
                let second = try loop.openDatagram(
                    boundToAddress: address, options: options, DatagramRecorder())
                #expect(second.localAddress == address)
                let error = #expect(throws: EndpointError.self) {
                    try loop.openDatagram(boundToAddress: address, DatagramRecorder())
                }
                #expect(error?.code == .addressInUse)
                #expect(error?.operation == .bind)
                #expect(error?.endpoint == address.description)
            }
        }
    }

    @Test func anIPv6SocketTakesIPv4UnlessItIsNotTo() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let every = try SocketAddress(ip: "::", port: 0)
            let both = try loop.openDatagram(boundToAddress: every, recorder)
            let peer = try RawDatagramSocket()
            try peer.send(
                "over 4", to: SocketAddress(ip: "127.0.0.1", port: both.localAddress.port))
            try await until(loop) { recorder.texts == ["over 4"] }
            #expect(recorder.datagrams[0].sender.host == "::ffff:127.0.0.1")
            try both.send("back", to: recorder.datagrams[0].sender)
            try both.send("again", to: peer.localAddress)
            let texts = try await offThread { [try peer.receiveText(), try peer.receiveText()] }
            #expect(texts == ["back", "again"])
            var options = DatagramOptions()
            options.ipv6Only = true
            let one = try loop.openDatagram(
                boundToAddress: every, options: options, DatagramRecorder())
            let option = (level: Int(IPPROTO_IPV6), name: Int(IPV6_V6ONLY))
            #expect(try one.socketOption(level: option.level, name: option.name) == 1)
            #expect(try both.socketOption(level: option.level, name: option.name) == 0)
            peer.close()
        }
    }
}
