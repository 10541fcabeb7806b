/// Who may do what with a file: the lower twelve bits of its mode.
///
/// ```swift
/// try await loop.files.changeMode(of: "run.sh", to: 0o755)
/// ```
public struct FilePermissions: OptionSet, Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// The bits, as `chmod` takes them.
    public let rawValue: UInt16

    /// Of bits; others than the lower twelve are dropped.
    public init(rawValue: UInt16) { self.rawValue = rawValue & 0o7777 }
    /// Of a number, such as `0o644`.
    public init(integerLiteral value: UInt16) { self.init(rawValue: value) }

    /// The owner may read it.
    public static let ownerRead: Self = 0o400
    /// The owner may write to it.
    public static let ownerWrite: Self = 0o200
    /// The owner may run it; of a directory, pass through it.
    public static let ownerExecute: Self = 0o100
    /// Its group may read it.
    public static let groupRead: Self = 0o040
    /// Its group may write to it.
    public static let groupWrite: Self = 0o020
    /// Its group may run it; of a directory, pass through it.
    public static let groupExecute: Self = 0o010
    /// All others may read it.
    public static let othersRead: Self = 0o004
    /// All others may write to it.
    public static let othersWrite: Self = 0o002
    /// All others may run it; of a directory, pass through it.
    public static let othersExecute: Self = 0o001
    /// Runs as the file's owner.
    public static let setUserID: Self = 0o4000
    /// Runs as the file's group; in a directory, new files get its group.
    public static let setGroupID: Self = 0o2000
    /// In a directory, only owners may remove files.
    public static let sticky: Self = 0o1000
}

extension FilePermissions: CustomStringConvertible {
    /// In octal: `0644`.
    public var description: String { "0" + String(rawValue, radix: 8) }
}
