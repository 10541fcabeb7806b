import Foundation
import Report

extension Machine {
    static var current: Machine {
        var names = utsname()
        uname(&names)
        let kernel = withUnsafeBytes(of: names.release) { text(upToZero: $0) }
        let architecture = withUnsafeBytes(of: names.machine) { text(upToZero: $0) }
        return Machine(
            processor: processor(inCPUInfo: file("/proc/cpuinfo")) ?? architecture,
            cores: Participant.cores,
            memoryGigabytes: memoryGigabytes(inMemInfo: file("/proc/meminfo")),
            system: system(inOSRelease: file("/etc/os-release")) ?? "Linux",
            kernel: kernel)
    }

    private static func file(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    private static func text(upToZero bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The time of day, for people.
enum Clock {
    static var date: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02d %02d:%02d UTC", parts.tm_year + 1900, parts.tm_mon + 1,
            parts.tm_mday, parts.tm_hour, parts.tm_min)
    }
}
