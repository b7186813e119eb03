"""The skill adapter (specification: ``exposes`` of type ``skill``): a catalogue of Agent Skills."""

from naftiko_run.expose.skill.exposer import SkillExposer

__all__ = ["SkillExposer"]
