"""The reader's runs: what each differs in, how it stands, its curve beside others, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from llm.runs.export import export_run
from llm.runs.store import Run
from llm.uploads import OwnText
from ui import runs, visitor
from ui.page import Page, card, prose
from ui.pretraining import address, differences, session
from ui.pretraining import draft as drafts
from ui.pretraining.facts import trained_here
from ui.text import plain

FEW = 8
ALL, FULL = "pretraining-all", "pretraining-table-problem"


def show(page: Page, shown: Run | None) -> None:
    """The card with one line for each run."""
    words, me = page["table"], visitor.visitor()
    found = runs.store().visible_to(me)
    if shown is not None and shown not in found:
        found = [shown, *found]
    readable = [run for run in found if _readable(run)]
    with card("pretraining-runs", words["title"], words["text"] if readable else words["none"]):
        if readable:
            compared = differences.compare([run.spec for run in readable])
            _same(page, compared)
            few = readable if st.session_state.get(ALL) else readable[:FEW]
            for run, values in zip(few, compared.each, strict=False):
                _line(page, run, values, run == shown, me)
            if len(few) < len(readable):
                st.button(words["all"].format(n=len(readable)), key=f"{ALL}-button", on_click=_show_all)
        if problem := st.session_state.pop(FULL, None):
            st.error(plain(problem))
        _upload(page, me)


def _readable(run: Run) -> bool:
    try:
        return bool(run.spec)
    except ValueError:  # a damaged folder: no other run suffers from it
        return False


def _show_all() -> None:
    st.session_state[ALL] = True


def _same(page: Page, compared: differences.Comparison) -> None:
    """The few settings that say most about all of them."""
    told = {name: value for name, value in compared.same.items() if name in differences.FIRST and len(compared.each) > 1}
    if told:
        listed = " · ".join(plain(text) for text in differences.chips(told, page["field"], page["option"]))
        st.caption(page["table.same"].format(list=listed))


def _line(page: Page, run: Run, values: differences.Values, on_stage: bool, me: str) -> None:
    """One run: on the chart or not, its name, what it differs in, how it stands, and more."""
    words, status = page["table"], run.status()
    with st.container(key=f"run-{run.id}", horizontal=True, vertical_alignment="center", gap="small"):
        _overlay(page, run, on_stage)
        st.button(
            plain(run.title), key=f"run-show-{run.id}", type="tertiary", disabled=on_stage, on_click=address.show, args=(run.id,)
        )
        marks = [words["shown"]] * on_stage + [words["watching"]] * (not run.is_owner(me)) + [words["kept"]] * run.kept
        marks += [words["original"]] * (not trained_here(run))
        told = [plain(text) for text in differences.chips(values, page["field"], page["option"])]
        st.markdown(" · ".join([*told, *(f"*{mark}*" for mark in marks)]) or "\u00a0", width="stretch")
        st.markdown(f":gray[{_standing(page, run, status, told_above=on_stage)}]", width="content")
        _menu(page, run, me)


def _standing(page: Page, run: Run, status, told_above: bool) -> str:
    """State, last validation loss, step and time in one line; of a run whose live state stands above, no older one."""
    words = page["table"]
    parts = [words["state"][status.state]]
    if told_above and status.active:
        return parts[0]
    rows = run.metrics(at_most=60)
    evaluated = [row["val_loss"] for row in rows if "val_loss" in row]
    if evaluated:
        parts.append(f"{words['val_loss']} {evaluated[-1]:.3f}")
    step = max([status.step, *(row["step"] for row in rows[-1:])])  # after a failure the state may be older than the last row
    if step:
        parts.append(words["step"].format(n=f"{step:,}"))
    if status.step and status.seconds is not None:
        parts.append(words["seconds"].format(n=f"{status.seconds:,.0f}"))
    return " · ".join(parts)


def _overlay(page: Page, run: Run, on_stage: bool) -> None:
    """Draw its curve too. The run on the stage always is."""
    key = f"run-beside-{run.id}"
    wanted = on_stage or run.id in address.beside()
    if st.session_state.get(key) != wanted:
        st.session_state[key] = wanted
    label = page["table.on_chart"].format(title=plain(run.title))
    st.checkbox(
        label, key=key, disabled=on_stage, label_visibility="collapsed", on_change=_beside, args=(run.id,), width="content"
    )


def _beside(run_id: str) -> None:
    kept = [other for other in address.beside() if other != run_id]
    address.draw_beside([*kept, run_id] if st.session_state[f"run-beside-{run_id}"] else kept)


def _menu(page: Page, run: Run, me: str) -> None:
    """Name, note, keep, repeat, download, delete."""
    words, mine = page["table"], run.is_owner(me)
    with st.popover(
        "", icon=":material/more_vert:", type="tertiary", key=f"run-more-{run.id}", on_change="rerun",
        help=words["more"].format(title=plain(run.title)),
    ) as menu:  # fmt: skip
        if not menu.open:
            return
        if trained_here(run):
            st.button(
                words["repeat"],
                key=f"run-repeat-{run.id}",
                icon=":material/content_copy:",
                on_click=_repeat,
                args=(page, run, me),
            )
        _download(page, run)
        if mine:
            st.text_input(words["rename"], run.title, key=f"run-title-{run.id}", max_chars=120, on_change=_rename, args=(run,))
            st.text_area(
                words["note"], run.note, key=f"run-note-{run.id}", max_chars=2000, height=80, on_change=_annotate, args=(run,)
            )
            st.checkbox(words["keep"], run.kept, key=f"run-keep-{run.id}", on_change=_keep, args=(run,))
            if not run.status().active and st.toggle(words["remove"], key=f"run-sure-{run.id}"):
                st.button(words["remove_sure"], key=f"run-remove-{run.id}", type="primary", on_click=_remove, args=(run,))
        elif run.is_visible_to(me):
            st.button(words["forget"], key=f"run-forget-{run.id}", on_click=run.detach, args=(me,))


def _download(page: Page, run: Run) -> None:
    """The zip, made when it is asked for."""
    if not run.opens:
        return
    st.download_button(
        page["table.save"], lambda: export_run(run)[1], f"glassformer-{run.id}.zip", "application/zip",
        key=f"run-download-{run.id}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _repeat(page: Page, run: Run, me: str) -> None:
    """Fill the starter with this run's settings, its text included where it may be seen."""
    draft = drafts.from_spec(run.spec)
    note = page["table.repeated"]
    if draft["source"] == drafts.OWN:
        own = _text_of(run) if run.is_visible_to(me) else None
        if own is None:
            note = page["own.foreign"]
        st.session_state[session.OWN] = own
    session.put(draft)
    session.say(note.format(title=plain(run.title)))
    st.session_state["pretraining-more"] = True


def _text_of(run: Run) -> OwnText | None:
    try:
        return OwnText(run.spec.data.label, (run.folder / "text.txt").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _rename(run: Run) -> None:
    _try(lambda: run.rename(st.session_state[f"run-title-{run.id}"]))


def _annotate(run: Run) -> None:
    _try(lambda: run.annotate(st.session_state[f"run-note-{run.id}"]))


def _keep(run: Run) -> None:
    _try(lambda: run.keep(st.session_state[f"run-keep-{run.id}"]))


def _remove(run: Run) -> None:
    if _try(lambda: runs.store().remove(run)) and address.shown() == run.id:
        address.leave()


def _try(work) -> bool:
    try:
        work()
        return True
    except ValueError as problem:
        st.session_state[FULL] = str(problem)
        return False


def _upload(page: Page, me: str) -> None:
    """A stranger's checkpoint becomes a run folder of its own."""
    words = page["table"]
    with st.expander(words["upload"], icon=":material/upload:", on_change="rerun", key="pretraining-upload") as box:
        if not box.open:
            return
        limits = runs.limits()
        prose(words["upload_help"], mb=limits.upload // 10**6)
        files = st.file_uploader(
            words["upload"], type=["zip", "safetensors", "json"], accept_multiple_files=True, key="pretraining-upload-files",
            label_visibility="collapsed", max_upload_size=limits.upload // 10**6,
        )  # fmt: skip
        if not files or not st.button(words["upload_go"], key="pretraining-upload-go", type="primary"):
            return
        from llm.runs.upload import upload_model  # PyTorch comes with it

        try:
            run = upload_model(runs.store(), {file.name: file.getvalue() for file in files}, me, limits)
        except ValueError as problem:
            st.error(plain(str(problem)))
            return
        session.say(words["uploaded"].format(title=plain(run.title)))
        address.show(run.id)
        st.rerun()
