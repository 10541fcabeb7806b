import CUV
import Glibc

@testable import UVLoop

/// A real terminal without a screen: what is typed on it and what it shows is the test's.
struct PseudoTerminal: Sendable {
    /// The side of the keyboard and the screen.
    let master: Int32
    /// The side of the program.
    let slave: Int32
    let name: String

    init(columns: UInt16 = 80, rows: UInt16 = 24) throws {
        // What posix_openpt and its relatives do, which Swift does not see.
        master = try Self.checked(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC))
        var (lock, number): (Int32, Int32) = (0, 0)
        try Self.checked(ioctl(master, 0x4004_5431, &lock))  // TIOCSPTLCK
        try Self.checked(ioctl(master, 0x8004_5430, &number))  // TIOCGPTN
        name = "/dev/pts/\(number)"
        slave = try Self.checked(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC))
        setSize(columns: columns, rows: rows)
    }

    @discardableResult
    private static func checked(_ result: Int32) throws -> Int32 {
        guard result >= 0 else { throw UVError(errno: errno) }
        return result
    }

    func setSize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    func type(_ text: String) throws { try writeAll(Array(text.utf8), to: master) }

    /// What is shown next: as many bytes as asked for.
    func shown(_ count: Int) throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 50_000) == 1 else { throw UVError.timedOut }
            var byte: UInt8 = 0
            guard read(master, &byte, 1) == 1 else { throw UVError(errno: errno) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private var settings: termios {
        var settings = termios()
        tcgetattr(slave, &settings)
        return settings
    }

    /// Whether lines are edited before the program sees them.
    var isByLine: Bool { settings.c_lflag & UInt32(ICANON) != 0 }
    var echoes: Bool { settings.c_lflag & UInt32(ECHO) != 0 }

    func end() {
        close(slave)
        close(master)
    }
}
