//! Santa's settings in a configuration profile or a property list.

use super::read::{Profile, parse};
use super::{DOMAINS, RULES};
use crate::document::{Entry, Node, Value};
use crate::fleet::{Setting, SettingKey};
use crate::format::{File, Location, ParsedPolicy, PlacedSetting, Remark};
use crate::rule::Scope;

/// Keys for settings that a sync server can also send, except settings for removable disks. Old
/// names are included.
const KEYS: [(&str, SettingKey); 15] = [
    ("ClientMode", SettingKey::ClientMode),
    ("AllowedPathRegex", SettingKey::AllowedPathRegex),
    ("WhitelistRegex", SettingKey::AllowedPathRegex),
    ("BlockedPathRegex", SettingKey::BlockedPathRegex),
    ("BlacklistRegex", SettingKey::BlockedPathRegex),
    ("FullSyncInterval", SettingKey::FullSyncInterval),
    ("BatchSize", SettingKey::BatchSize),
    ("EnableBundles", SettingKey::EnableBundles),
    ("EnableTransitiveRules", SettingKey::EnableTransitiveRules),
    ("EnableTransitiveWhitelisting", SettingKey::EnableTransitiveRules),
    ("EnableAllEventUpload", SettingKey::EnableAllEventUpload),
    ("DisableUnknownEventUpload", SettingKey::DisableUnknownEventUpload),
    ("OverrideFileAccessAction", SettingKey::OverrideFileAccessAction),
    ("EventDetailURL", SettingKey::EventDetailUrl),
    ("EventDetailText", SettingKey::EventDetailText),
];
/// The two old keys that nicelist reads as one setting.
const BLOCK_USB: &str = "BlockUSBMount";
const REMOUNT_USB: &str = "RemountUSBMode";

/// Two keys that are one setting: an action, and the flags of the action `Remount`.
struct MediaKeys {
    action: &'static str,
    flags: &'static str,
    setting: SettingKey,
}

/// The keys of Santa 2026.3 and later.
const MEDIA: [MediaKeys; 2] = [
    MediaKeys {
        action: "RemovableMediaAction",
        flags: "RemovableMediaRemountFlags",
        setting: SettingKey::RemovableMedia,
    },
    MediaKeys {
        action: "EncryptedRemovableMediaAction",
        flags: "EncryptedRemovableMediaRemountFlags",
        setting: SettingKey::EncryptedRemovableMedia,
    },
];

/// The location of every setting and remark. The nodes of a property list have no positions.
const WHOLE: Location = Location::whole(0);

/// Reads the settings and assigns `scope` to each of them. Adds a note for each setting that must
/// stay in the profile.
pub fn read_settings(file: &File, scope: &Scope) -> ParsedPolicy {
    let mut policy = ParsedPolicy::of(std::slice::from_ref(file));
    match parse(0, file) {
        Err(fault) => policy.faults.push(fault),
        Ok(Profile { root, signature }) => {
            policy.notes.extend(signature.map(|text| Remark::new(WHOLE, text)));
            let mut reader = Reader { scope, policy: &mut policy };
            payloads(&root).into_iter().for_each(|payload| reader.payload(payload));
        }
    }
    policy
}

/// Whether any payload has a setting that a sync server can also send.
pub(super) fn has_settings(root: &Node) -> bool {
    payloads(root).into_iter().any(|payload| keys(payload).any(is_setting))
}

fn keys(node: &Node) -> impl Iterator<Item = &str> {
    node.entries().unwrap_or_default().iter().map(|entry| entry.key.as_str())
}

/// Whether this key of a profile is a setting that a sync server can also send.
pub(in crate::format) fn is_setting(key: &str) -> bool {
    is_media(key) || KEYS.iter().any(|(name, _)| *name == key)
}

/// Whether the key is about removable disks, where two keys are one setting.
fn is_media(key: &str) -> bool {
    let of_media = |keys: &MediaKeys| key == keys.action || key == keys.flags;
    key == BLOCK_USB || key == REMOUNT_USB || MEDIA.iter().any(of_media)
}

/// The dictionaries with Santa's preferences: payloads of Santa's own type, settings for Santa's
/// domain in managed preferences, or a whole property list without payloads.
fn payloads(root: &Node) -> Vec<&Node> {
    let mut found: Vec<&Node> = santa_payloads(root).into_iter().map(|(_, node)| node).collect();
    let is_bare = root.entries().is_some() && root.get("PayloadType").is_none();
    if found.is_empty() && is_bare && keys(root).any(|key| is_setting(key) || key == RULES) {
        found.push(root);
    }
    found
}

/// Preferences of Santa, and the domain that they are for.
type SantaPayload<'p> = (&'static str, &'p Node);

/// The payloads in a profile that contain Santa's preferences.
pub(in crate::format) fn santa_payloads(root: &Node) -> Vec<SantaPayload<'_>> {
    let mut found = Vec::new();
    search(root, &mut found);
    found
}

fn search<'p>(node: &'p Node, found: &mut Vec<SantaPayload<'p>>) {
    let domain = |name: &str| DOMAINS.into_iter().find(|domain| *domain == name);
    let kind = node.get("PayloadType").and_then(Node::as_str);
    if let Some(domain) = kind.and_then(domain) {
        return found.push((domain, node));
    }
    for Entry { key, node, .. } in node.entries().unwrap_or_default() {
        match domain(key.as_str()) {
            Some(domain) => preferences(domain, node, found),
            None => search(node, found),
        }
    }
    node.elements().unwrap_or_default().iter().for_each(|node| search(node, found));
}

/// Managed preferences nest the settings in `Forced` or `Set-Once`, or have them directly.
fn preferences<'p>(domain: &'static str, node: &'p Node, found: &mut Vec<SantaPayload<'p>>) {
    match node.get("mcx_preference_settings") {
        Some(settings) => found.extend(settings.entries().map(|_| (domain, settings))),
        None if keys(node).any(is_setting) => found.push((domain, node)),
        None => {
            let entries = node.entries().unwrap_or_default().iter().map(|entry| &entry.node);
            let nodes = entries.chain(node.elements().unwrap_or_default());
            nodes.for_each(|node| preferences(domain, node, found));
        }
    }
}

struct Reader<'p> {
    scope: &'p Scope,
    policy: &'p mut ParsedPolicy,
}

impl Reader<'_> {
    fn payload(&mut self, payload: &Node) {
        for Entry { key, node, .. } in payload.entries().unwrap_or_default() {
            match KEYS.iter().find(|(name, _)| name == key) {
                Some((name, setting)) => self.setting(name, *setting, node),
                None if is_media(key) || key.starts_with("Payload") => {}
                None if key == RULES => {
                    self.note(format!("{key}: contains rules; nicelist rule import reads them"));
                }
                None => self.note(format!(
                    "{key}: is left out; a sync server does not send it, so keep it in the profile"
                )),
            }
        }
        MEDIA.iter().for_each(|keys| self.media(payload, keys));
        self.removable_media(payload);
    }

    fn setting(&mut self, name: &str, key: SettingKey, node: &Node) {
        let text = match (key, &node.value) {
            (SettingKey::ClientMode, Value::Number(number)) => match number.as_str() {
                "1" => Some("monitor".into()),
                "2" => Some("lockdown".into()),
                "3" => Some("standalone".into()),
                _ => {
                    return self.fault(format!(
                        "{name}: expected 1 (monitor), 2 (lockdown) or 3 (standalone)"
                    ));
                }
            },
            _ => node.scalar(),
        };
        let Some(text) = text else {
            let expected = node.expected("a string, a number or a boolean");
            return self.fault(format!("{name}: {expected}"));
        };
        match Setting::parse(key, &text) {
            Ok(setting) => self.add(name, setting),
            Err(error) => self.fault(format!("{name}: {error}")),
        }
    }

    fn media(&mut self, payload: &Node, keys: &MediaKeys) {
        let MediaKeys { action, flags, setting } = keys;
        let mount_flags = payload.get(flags).map(mount_flags).filter(|flags| !flags.is_empty());
        let Some(value) = payload.get(action) else {
            if mount_flags.is_some() {
                self.note(format!("{flags}: is left out; it has no effect without {action}"));
            }
            return;
        };
        let word = value.as_str().unwrap_or_default().to_ascii_lowercase();
        let value = match (word.as_str(), mount_flags) {
            ("allow" | "block", Some(_)) => {
                self.note(format!("{flags}: is left out; {action} is not Remount"));
                word.clone()
            }
            ("allow" | "block", None) => word.clone(),
            ("remount", Some(flags)) => format!("remount:{flags}"),
            ("remount", None) => {
                return self
                    .fault(format!("{action}: Remount requires at least one flag in {flags}"));
            }
            _ => return self.fault(format!("{action}: expected Allow, Block or Remount")),
        };
        match Setting::parse(*setting, &value) {
            Ok(setting) => self.add(action, setting),
            Err(error) => self.fault(format!("{flags}: {error}")),
        }
    }

    /// Reads the old keys for removable disks. The mount flags have no effect unless
    /// `BlockUSBMount` is true.
    fn removable_media(&mut self, payload: &Node) {
        let [MediaKeys { action, .. }, _] = &MEDIA;
        if payload.get(action).is_some() {
            let old = [BLOCK_USB, REMOUNT_USB].into_iter();
            for key in old.filter(|key| payload.get(key).is_some()) {
                self.note(format!("{key}: is left out; {action} replaces it"));
            }
            return;
        }
        let flags = payload.get(REMOUNT_USB).map(mount_flags);
        let Some(block) = payload.get(BLOCK_USB) else {
            if flags.is_some() {
                let text = "is left out; it has no effect unless BlockUSBMount is true";
                self.note(format!("{REMOUNT_USB}: {text}"));
            }
            return;
        };
        let value = match (block.as_bool(), flags.as_deref()) {
            (None, _) => return self.fault(format!("{BLOCK_USB}: expected true or false")),
            (Some(false), _) => "allow".to_owned(),
            (Some(true), None | Some("")) => "block".to_owned(),
            (Some(true), Some(flags)) => format!("remount:{flags}"),
        };
        match Setting::parse(SettingKey::RemovableMedia, &value) {
            Ok(setting) => self.add(BLOCK_USB, setting),
            Err(error) => self.fault(format!("{REMOUNT_USB}: {error}")),
        }
    }

    /// Adds a setting. A repeated setting with a different value is a fault.
    fn add(&mut self, name: &str, setting: Setting) {
        let mut others = self.policy.settings.iter().map(|placed| &placed.setting);
        match others.find(|other| other.key() == setting.key()) {
            Some(other) if *other == setting => {}
            Some(other) => {
                let (one, two) = (other.value(), setting.value());
                self.fault(format!("{name}: is {two} here, but {one} in another payload"));
            }
            None => {
                let scope = self.scope.clone();
                self.policy.settings.push(PlacedSetting { location: WHOLE, scope, setting });
            }
        }
    }

    fn note(&mut self, text: String) {
        self.policy.note(WHOLE, text);
    }

    fn fault(&mut self, text: String) {
        self.policy.fault(WHOLE, text);
    }
}

/// Returns mount flags as one string. The flags of a list are joined with commas.
fn mount_flags(node: &Node) -> String {
    match node.elements() {
        Some(flags) => flags.iter().filter_map(Node::as_str).collect::<Vec<_>>().join(","),
        None => node.scalar().unwrap_or_default().into_owned(),
    }
}
